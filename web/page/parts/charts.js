// The job's charts: what came of the attempts, how long they took, how many
// were out at once.
import { html, useMemo, useRef, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { count, duration } from '../format.js';
import { t } from '../i18n.js';
import { jobPeriod, usePoll } from '../poll.js';
import { Chart } from './chart.js';

const SAMPLES_MAX = 3600;
const WINDOWS_MIN = [5, 15, 60];
const EMPTY = [];

// Samples grow: only what is new is asked for.
function useSeries(job) {
	const kept = useRef({ id: null, samples: EMPTY });
	const { data } = usePoll(async (signal) => {
		if (kept.current.id !== job.id)
			kept.current = { id: job.id, samples: EMPTY };
		const old = kept.current.samples;
		const since = old.length ? old[old.length - 1].t : 0;
		const { samples } = await api.series(job.id, since, signal);
		if (samples.length)
			kept.current.samples = old.concat(samples).slice(-SAMPLES_MAX);
		return kept.current.samples;
	}, () => jobPeriod(job), [job.id]);
	return data ?? EMPTY;
}

const GAP_MS = 5000;

// The last minutes, with a hole in the lines where the job stood still.
function view(samples, minutes) {
	if (!samples.length)
		return samples;
	const from = samples[samples.length - 1].t - minutes * 60000;
	const out = [];
	for (const sample of samples.slice(samples.findIndex(({ t: at }) => at >= from))) {
		const before = out[out.length - 1];
		if (before && sample.t - before.t > GAP_MS)
			out.push({ t: before.t + 1000, gap: true });
		out.push(sample);
	}
	return out;
}

const of = (name) => (sample) => (sample.gap ? null : sample[name] ?? null);
// No percentile where nothing finished.
const latency = (name) => (sample) => (sample.gap || !sample[name] ? null : sample[name]);

function specs() {
	return [
		{ title: t('chart.throughput'), wide: true, stacked: true, format: (n) => count(Math.round(n * 10) / 10), series: [
			{ label: t('outcome.done'), tone: 'done', value: of('done') },
			{ label: t('outcome.failed'), tone: 'failed', value: of('failed') },
			{ label: t('outcome.retried'), tone: 'waiting', value: of('retried') },
			{ label: t('outcome.throttled'), tone: 'unknown', value: of('throttled') },
		] },
		{ title: t('chart.latency'), format: duration, series: [
			{ label: 'p50', tone: 'tone-a', value: latency('p50') },
			{ label: 'p95', tone: 'tone-b', value: latency('p95') },
			{ label: 'p99', tone: 'tone-c', value: latency('p99') },
		] },
		{ title: t('chart.in_flight'), format: (n) => count(Math.round(n)), series: [
			{ label: t('in_flight'), tone: 'running', value: of('in_flight') },
			{ label: t('limit'), tone: 'muted', dash: [5, 4], value: of('concurrency') },
		] },
	];
}

export function Charts({ job }) {
	const samples = useSeries(job);
	const [minutes, setMinutes] = useState(WINDOWS_MIN[0]);
	const shown = useMemo(() => view(samples, minutes), [samples, minutes]);
	return html`<section class="panel" aria-labelledby="charts-title">
		<header class="panel-head"><h2 id="charts-title">${t('charts')}</h2>
			<div class="segments" role="group" aria-label=${t('chart.window')}>${WINDOWS_MIN.map((n) => html`<button type="button"
				key=${n} aria-pressed=${n === minutes} onClick=${() => setMinutes(n)}>${t('unit.min', { n })}</button>`)}</div></header>
		${shown.length === 0 ? html`<p class="placeholder">${t('chart.none')}</p>`
		: html`<div class="charts">${specs().map((spec, i) => html`<div key=${i} class=${spec.wide ? 'is-wide' : ''}>
			<${Chart} ...${spec} samples=${shown} sync="job" /></div>`)}</div>`}
	</section>`;
}
