// One chart over uPlot: a picture for those who see it, its last figures in the
// legend, and a table behind it.
import { html, useEffect, useRef, useState } from '../vendor/preact/standalone.module.js';
import { clock } from '../format.js';
import { language, t } from '../i18n.js';
import { useStore } from '../store.js';
import { colour, theme } from '../theme.js';

const HEIGHT = 190;
const TABLE_ROWS_MAX = 60;
const MINUTE_MS = 60000;
let loading = null;

// 22 KB that only the job page needs: fetched when the first chart is shown.
function library() {
	loading ??= new Promise((resolve, reject) => {
		const script = document.createElement('script');
		script.src = 'vendor/uplot/uPlot.iife.min.js';
		script.onload = () => resolve(globalThis.uPlot);
		script.onerror = () => {
			loading = null;
			reject(new Error('uPlot'));
		};
		document.head.append(script);
	});
	return loading;
}

// Stacked: each line is drawn on top of the ones before it.
function columns(samples, series, stacked) {
	const sum = new Array(samples.length).fill(0);
	const lines = series.map(({ value }) => samples.map((sample, i) => {
		const n = value(sample);
		if (n === null || !stacked)
			return n;
		return sum[i] += n;
	}));
	return [samples.map((sample) => sample.t), ...lines];
}

function options(width, { series, stacked, format, sync }, onHover) {
	const axis = {
		stroke: colour('muted'), font: '11px system-ui, sans-serif',
		grid: { stroke: colour('line'), width: 1 }, ticks: { show: false },
	};
	return {
		width, height: HEIGHT, ms: 1, legend: { show: false },
		padding: [8, 8, 0, 0],
		cursor: { sync: { key: sync, setSeries: false }, drag: { x: false, y: false }, points: { size: 6 } },
		scales: { x: { time: true }, y: { range: (plot, min, max) => [0, Math.max(1, max * 1.08)] } },
		axes: [
			{ ...axis, space: 64, size: 26,
				values: (plot, splits, index, space, step) => splits.map((at) => clock(at, step < MINUTE_MS)) },
			{ ...axis, size: 52, space: 36, values: (plot, splits) => splits.map((n) => format(n)) },
		],
		series: [{}, ...series.map(({ tone, dash }) => ({
			stroke: colour(tone), width: 1.5, dash, points: { show: false },
			fill: stacked ? colour(tone) + '30' : undefined,
		}))],
		bands: stacked ? series.slice(1).map((one, i) => ({ series: [i + 2, i + 1] })) : undefined,
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

// Every so many seconds one, so that a long run fits a table.
function thinned(samples) {
	const step = Math.max(1, Math.ceil(samples.length / TABLE_ROWS_MAX));
	return samples.filter((sample, i) => (samples.length - 1 - i) % step === 0).reverse();
}

function Table({ title, samples, series, format }) {
	return html`<div class="chart-table" tabindex="0" role="group" aria-label=${title}><table>
		<caption class="visually-hidden">${title}</caption>
		<thead><tr><th scope="col">${t('chart.time')}</th>${series.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
		<tbody>${thinned(samples).map((sample) => html`<tr key=${sample.t}><th scope="row">${clock(sample.t)}</th>
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
			<span class="chart-at muted">${hover !== null && sample ? clock(sample.t) : ''}</span>
			<button type="button" class="text-button" aria-pressed=${table} onClick=${() => setTable(!table)}>${t('chart.table')}</button></header>
		<${Legend} series=${series} sample=${sample} format=${format} />
		<div ref=${element} class="chart-plot ${table ? 'is-hidden' : ''}" role="img" aria-label=${`${title}: ${figures}`}></div>
		${table && html`<${Table} title=${title} samples=${real} series=${series} format=${format} />`}
	</section>`;
}
