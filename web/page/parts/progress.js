// How far and how fast: the bar, its legend, and the figures under it.
import { count, duration, eta, percent, rate } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { Bar, Legend, settled } from './bar.js';
import { boundHint, boundText } from './reason.js';
import { Time } from './time.js';

function Tile({ label, value, children }) {
	return html`<div class="tile"><dt>${label}</dt><dd><b>${value}</b>${children && html`<span>${children}</span>`}</dd></div>`;
}

// Without the time it stood still: a retry on the next morning is no slow night.
function tookMs(job) {
	return typeof job.worked_s === 'number' ? job.worked_s * 1000 : new Date(job.finished_at) - new Date(job.started_at ?? job.created_at);
}

function Estimate({ job }) {
	if (job.finished_at)
		return html`<span class="estimate">${t('job.took', { time: duration(tookMs(job)) })}</span>`;
	const words = job.active ? eta(job.eta_s) : null;
	return words && html`<span class="estimate">${words}</span>`;
}

function latencyDetail({ p95, p99 }) {
	return `p95 ${duration(p95)} · p99 ${duration(p99)}`;
}

function RateTile({ job }) {
	const { limits } = job;
	if (job.active)
		return html`<${Tile} label=${t('rate')} value=${t('per_second', { rate: rate(job.rate_per_s) })}>
			${limits.rate_per_s ? t('job.rate_limit', { rate: rate(limits.rate_now || limits.rate_per_s) }) : t('job.no_rate_limit')}<//>`;
	const average = job.finished_at && tookMs(job) > 0 ? settled(job) / tookMs(job) * 1000 : null;
	return html`<${Tile} label=${t('rate')} value=${average ? t('per_second', { rate: rate(average) }) : '–'}>
		${average && t('job.average')}<//>`;
}

// What only a running job has is left out of one that stands still.
function Tiles({ job }) {
	const { limits, latency_ms: latency } = job;
	const now = limits.concurrency_now;
	return html`<${RateTile} job=${job} />
		${job.active && html`<${Tile} label=${t('in_flight')} value=${count(job.in_flight)}>
			${now < limits.concurrency ? t('job.of_limit_now', { now, limit: limits.concurrency }) : t('job.of_limit', { limit: limits.concurrency })}<//>`}
		${typeof latency?.p50 === 'number' && html`<${Tile} label=${t('job.latency')} value=${`p50 ${duration(latency.p50)}`}>${latencyDetail(latency)}<//>`}
		<${Tile} label=${t('job.attempts')} value=${count(job.attempts)}>
			${t('job.retries', { n: job.retries })} · ${t('job.throttled', { n: job.throttled })}<//>
		${job.active && job.state !== 'paused' && html`<${Tile} label=${t('job.bound_by')} value=${boundText(limits.bound_by)}>${boundHint(limits.bound_by)}<//>`}`;
}

export function Progress({ job }) {
	return html`<section class="panel progress-panel" aria-label=${t('job.progress')}>
		<div class="progress-head">
			<span class="progress-percent">${percent(settled(job), job.total)}</span>
			<${Estimate} job=${job} />
			<span class="progress-when muted">${job.started_at ? t('job.started') : t('job.created')} <${Time} at=${job.started_at ?? job.created_at} ago />${job.finished_at && html` · ${t('job.finished')} <${Time} at=${job.finished_at} ago />`}</span>
		</div>
		<${Bar} job=${job} />
		<${Legend} job=${job} />
		<dl class="tiles"><${Tiles} job=${job} /></dl>
	</section>`;
}
