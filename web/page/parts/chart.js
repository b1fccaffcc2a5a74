// One chart over uPlot: a picture for those who see it, its last figures in the
// legend, and a table behind it.
import { useEffect, useRef, useState } from '../vendor/preact/standalone.module.js';
import { clock, moment } from '../format.js';
import { html } from '../html.js';
import { language, t } from '../i18n.js';
import { useStore } from '../store.js';
import { colour, theme } from '../theme.js';

const HEIGHT = 190;
const MINUTE_MS = 60000;
let loading = null;

// 22 KB that only the job page needs: fetched when the first chart is shown.
function library() {
	loading ??= new Promise((resolve, reject) => {
		const script = document.createElement('script');
		script.src = new URL('vendor/uplot/uPlot.iife.min.js', document.querySelector('script[type="module"]').src);
		script.onload = () => resolve(globalThis.uPlot);
		script.onerror = () => {
			loading = null;
			reject(new Error('uPlot'));
		};
		document.head.append(script);
	});
	return loading;
}

// Stacked: each line stands on the ones before it.  The topmost is drawn first
// and the ones below it over it, so what is nothing is not seen.
function columns(samples, series, stacked) {
	const sum = new Array(samples.length).fill(0);
	const lines = series.map(({ value }) => samples.map((sample, i) => {
		const n = value(sample);
		if (n === null || !stacked)
			return n;
		return sum[i] += n;
	}));
	return [samples.map((sample) => sample.t), ...(stacked ? lines.reverse() : lines)];
}

const HOUR_MS = 3600000;
const DAY_MS = 86400000;
// Steps of the time axis that are round to people.
const STEPS_MS = [1000, 2000, 5000, 10000, 15000, 30000,
	...[1, 2, 3, 5, 10, 15, 20, 30].map((n) => n * MINUTE_MS),
	...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR_MS),
	...[1, 2, 3, 5, 7, 14, 30, 90].map((n) => n * DAY_MS)];

// A moment on the axis: the clock, and the day where the run spans several.
function tick(at, step, span) {
	return span > DAY_MS ? moment(at, true) : clock(at, step < MINUTE_MS);
}

// A sample between two holes is no line: a dot.
function alone(plot, series) {
	const values = plot.data[series];
	return [...values.keys()].filter((i) => values[i] !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null);
}

// Of what is counted in wholes: no half a request on the axis, nor one twice.
const WHOLE = [1, 2, 5].flatMap((n) => [...Array(10).keys()].map((power) => n * 10 ** power)).sort((a, b) => a - b);

function options(width, { series, stacked, format, sync, whole }, onHover) {
	const axis = {
		stroke: colour('muted'), font: '11px system-ui, sans-serif',
		grid: { stroke: colour('line'), width: 1 }, ticks: { show: false },
	};
	return {
		width, height: HEIGHT, ms: 1, legend: { show: false },
		padding: [8, 28, 0, 0],
		cursor: { sync: { key: sync, setSeries: false }, drag: { x: false, y: false }, points: { size: 6 } },
		scales: { x: { time: true }, y: { range: (plot, min, max) => [0, Math.max(1, max * 1.08)] } },
		axes: [
			{ ...axis, space: (plot, index, min, max) => (max - min > DAY_MS ? 110 : 72), size: 26, incrs: STEPS_MS, values: (plot, splits, index, space, step) =>
				splits.map((at) => tick(at, step, plot.scales.x.max - plot.scales.x.min)) },
			{ ...axis, size: 52, space: 36, ...(whole && { incrs: WHOLE }), values: (plot, splits) => splits.map((n) => format(n)) },
		],
		series: [{}, ...(stacked ? [...series].reverse() : series).map(({ tone, dash }) => ({
			stroke: colour(tone), width: 1.5, dash,
			points: { show: true, size: 5, width: 0, stroke: colour(tone), fill: colour(tone), filter: alone },
			fill: stacked ? colour(tone + '-fill') : undefined,
		}))],
		hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
	};
}

function usePlot(element, samples, props, onHover) {
	const plot = useRef(null);
	const data = useRef(null);
	const now = useStore(theme);
	const spoken = useStore(language);
	data.current = columns(samples, props.series, props.stacked);
	useEffect(() => {
		const host = element.current;
		let gone = false;
		let observer = null;
		library().then((UPlot) => {
			if (gone)
				return;
			plot.current = new UPlot(options(host.clientWidth || 300, props, onHover), data.current, host);
			observer = new ResizeObserver(() =>
				host.clientWidth && plot.current.setSize({ width: host.clientWidth, height: HEIGHT }));
			observer.observe(host);
		}, () => {});
		return () => {
			gone = true;
			observer?.disconnect();
			plot.current?.destroy();
			plot.current = null;
		};
	}, [now, spoken]);
	useEffect(() => plot.current?.setData(data.current), [samples]);
}

function Table({ title, samples, series, format }) {
	return html`<div class="chart-table" tabindex="0" role="group" aria-label=${title}><table>
		<caption class="visually-hidden">${title}</caption>
		<thead><tr><th scope="col">${t('chart.time')}</th>${series.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
		<tbody>${[...samples].reverse().map((sample) => html`<tr key=${sample.t}><th scope="row">${moment(sample.t)}</th>
			${series.map(({ value }) => html`<td>${value(sample) === null ? '–' : format(value(sample))}</td>`)}</tr>`)}</tbody>
	</table></div>`;
}

function Legend({ series, sample, format }) {
	return html`<ul class="chart-legend">${series.map(({ label, tone, value }) => html`<li key=${tone}>
		<span class="swatch tone-${tone}"></span>${label}${' '}
		<b>${sample && value(sample) !== null ? format(value(sample)) : '–'}</b></li>`)}</ul>`;
}

// series: [{label, tone (a colour of the style sheet), value(sample) → number or null, dash}];
// format(n): a value in words; stacked; sync: charts of one name share a cursor.
export function Chart(props) {
	const { title, samples, series, format } = props;
	const element = useRef(null);
	const [hover, setHover] = useState(null);
	const [table, setTable] = useState(false);
	usePlot(element, samples, props, setHover);
	const real = samples.filter((sample) => !sample.gap);
	const sample = hover === null ? real[real.length - 1] : samples[hover];
	const figures = series.map(({ label, value }) =>
		`${label} ${sample && value(sample) !== null ? format(value(sample)) : '–'}`).join(', ');
	return html`<section class="chart" aria-label=${title}>
		<header class="chart-head"><h3>${title}</h3>
			<span class="chart-at muted">${hover !== null && sample ? moment(sample.t) : ''}</span>
			<button type="button" class="text-button" onClick=${() => setTable(!table)}>${t(table ? 'chart.picture' : 'chart.table')}</button></header>
		<${Legend} series=${series} sample=${sample} format=${format} />
		<div ref=${element} class="chart-plot ${table ? 'is-hidden' : ''}" role="img" aria-label=${`${title}: ${figures}`}></div>
		${table && html`<${Table} title=${title} samples=${real} series=${series} format=${format} />`}
	</section>`;
}
