// How far and how fast: the bar, its legend, and the figures under it.
import { html } from '../vendor/preact/standalone.module.js';
import { count, duration, eta, percent, rate } from '../format.js';
import { t } from '../i18n.js';
import { Bar, Legend, settled } from './bar.js';
import { boundText } from './reason.js';
import { Time } from './time.js';

function Tile({ label, value, children }) {
	return html`<div class="tile"><dt>${label}</dt><dd><b>${value}</b>${children && html`<span>${children}</span>`}</dd></div>`;
}

function Estimate({ job }) {
	if (job.finished_at)
		return html`<span class="estimate">${t('job.took', { time: duration(new Date(job.finished_at) - new Date(job.started_at ?? job.created_at)) })}</span>`;
	const words = job.active ? eta(job.eta_s) : null;
	return words && html`<span class="estimate">${words}</span>`;
}

function latencyDetail({ p95, p99 }) {
	return `p95 ${duration(p95)} · p99 ${duration(p99)}`;
}

export function Progress({ job }) {
	const { limits, latency_ms: latency } = job;
	const now = limits.concurrency_now;
	return html`<section class="panel progress-panel" aria-label=${t('job.progress')}>
		<div class="progress-head">
			<span class="progress-percent">${percent(settled(job), job.total)}</span>
			<${Estimate} job=${job} />
			<span class="progress-when muted">${job.started_at ? t('job.started') : t('job.created')} <${Time} at=${job.started_at ?? job.created_at} ago />${job.finished_at && html` · ${t('job.finished')} <${Time} at=${job.finished_at} ago />`}</span>
		</div>
		<${Bar} job=${job} />
		<${Legend} job=${job} />
		<dl class="tiles">
			<${Tile} label=${t('rate')} value=${job.active ? t('per_second', { rate: rate(job.rate_per_s) }) : '–'}>
				${limits.rate_per_s ? t('job.rate_limit', { rate: rate(limits.rate_now || limits.rate_per_s) }) : t('job.no_rate_limit')}<//>
			<${Tile} label=${t('in_flight')} value=${count(job.in_flight ?? job.counts.running)}>
				${now < limits.concurrency ? t('job.of_limit_now', { now, limit: limits.concurrency }) : t('job.of_limit', { limit: limits.concurrency })}<//>
			<${Tile} label=${t('job.latency')} value=${`p50 ${duration(latency?.p50)}`}>${latency && latencyDetail(latency)}<//>
			<${Tile} label=${t('job.attempts')} value=${count(job.attempts)}>
				${t('job.retries', { n: job.retries })} · ${t('job.throttled', { n: job.throttled })}<//>
			<${Tile} label=${t('job.bound_by')} value=${job.active ? boundText(limits.bound_by) : '–'}>
				${limits.adapt ? t('job.adapts') : null}<//>
		</dl>
	</section>`;
}
