// The job's charts over the whole run: what came of the attempts, how long they
// took, how many were out at once, and what the server turned away.
import { useMemo, useRef, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { count, duration } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { jobPeriod, usePoll } from '../poll.js';
import { lastMinutes, thinned } from '../samples.js';
import { Chart } from './chart.js';

const SAMPLES_MAX = 4000; // then all are fetched anew: old ones come wider
const WINDOWS_MIN = [5, 60, 0]; // 0: the whole run
const EMPTY = [];

// Samples grow: only what is new is asked for.
function useSeries(job) {
	const kept = useRef({ id: null, samples: EMPTY });
	const { data } = usePoll(async (signal) => {
		if (kept.current.id !== job.id || kept.current.samples.length > SAMPLES_MAX)
			kept.current = { id: job.id, samples: EMPTY };
		const old = kept.current.samples;
		const since = old.length ? old[old.length - 1].t : 0;
		const { samples } = await api.series(job.id, since, signal);
		if (samples.length)
			kept.current.samples = old.concat(samples);
		return kept.current.samples;
	}, () => jobPeriod(job), [job.id]);
	return data ?? EMPTY;
}

const perSecond = (...names) => (sample) => (sample.gap ? null
	: names.reduce((sum, name) => sum + (sample[name] ?? 0), 0) / sample.s);
const of = (name) => (sample) => (sample.gap ? null : sample[name] ?? null);
// No percentile where nothing finished.
const latency = (name) => (sample) => (sample.gap || !sample[name] ? null : sample[name]);
const rate = (n) => count(n < 10 ? Math.round(n * 100) / 100 : Math.round(n * 10) / 10);

function specs() {
	return [
		{ title: t('chart.throughput'), stacked: true, format: rate, series: [
			{ label: t('outcome.done'), tone: 'done', value: perSecond('done', 'skipped') },
			{ label: t('outcome.failed'), tone: 'failed', value: perSecond('failed', 'unknown') },
			{ label: t('outcome.retried'), tone: 'waiting', value: perSecond('retried') },
			{ label: t('outcome.throttled'), tone: 'unknown', value: perSecond('throttled') },
		] },
		{ title: t('chart.latency'), format: duration, whole: true, series: [
			{ label: 'p50', tone: 'tone-a', value: latency('p50') },
			{ label: 'p95', tone: 'tone-b', value: latency('p95') },
			{ label: 'p99', tone: 'tone-c', value: latency('p99') },
		] },
		{ title: t('chart.in_flight'), format: (n) => count(Math.round(n)), whole: true, series: [
			{ label: t('in_flight'), tone: 'running', value: of('in_flight') },
			{ label: t('limit'), tone: 'muted', dash: [5, 4], value: of('concurrency') },
		] },
		{ title: t('chart.throttled'), stacked: true, format: rate, series: [
			{ label: t('outcome.throttled'), tone: 'unknown', value: perSecond('throttled') },
		] },
	];
}

export function Charts({ job }) {
	const samples = useSeries(job);
	const [minutes, setMinutes] = useState(WINDOWS_MIN[2]);
	const shown = useMemo(() => thinned(lastMinutes(samples, minutes)), [samples, minutes]);
	return html`<section class="panel" aria-labelledby="charts-title">
		<header class="panel-head"><h2 id="charts-title">${t('charts')}</h2>
			<div class="segments" role="group" aria-label=${t('chart.window')}>${WINDOWS_MIN.map((n) => html`<button type="button"
				key=${n} aria-pressed=${n === minutes} onClick=${() => setMinutes(n)}>${n ? t('unit.min', { n }) : t('chart.whole')}</button>`)}</div></header>
		${shown.length === 0 ? html`<p class="placeholder">${t('chart.none')}</p>`
		: html`<div class="charts">${specs().map((spec, i) => html`<div key=${i}><${Chart} ...${spec} samples=${shown} sync="job" /></div>`)}</div>`}
	</section>`;
}
