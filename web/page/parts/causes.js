// Failures by cause: ten thousand of them are a handful of reasons.
import { html } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { count } from '../format.js';
import { has, t } from '../i18n.js';
import { PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { link } from '../router.js';
import { bulkDialog } from './bulk.js';
import { Icon } from './icon.js';
import { Time } from './time.js';

// "HTTP 404", "timeout", "rule"
export function className(name, status) {
	if (status)
		return `HTTP ${status}`;
	return has('class.' + name) ? t('class.' + name) : name;
}

export function Cause({ cause, status }) {
	return html`<span class="cause"><span class="cause-class">${className(cause.class, status)}</span>${' '}
		${cause.code && html`<code class="cause-code">${cause.code}</code>`}${' '}
		<span class="cause-message">${cause.message || t('cause.no_message')}</span></span>`;
}

function Row({ job, group, most, refresh }) {
	const retry = () => bulkDialog({
		job: job.id, action: 'retry', selection: { group: group.id }, done: refresh,
		what: [className(group.class, group.http_status), group.code, group.message].filter(Boolean).join(' · '),
	});
	return html`<li class="cause-row">
		<span class="cause-count"><b>${count(group.count)}</b>
			<svg class="cause-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
				<rect class="bar-track" width="100" height="4" /><rect class="fill-failed" width=${Math.max(2, group.count / most * 100)} height="4" /></svg></span>
		<div class="cause-text"><${Cause} cause=${group} status=${group.http_status} />
			<span class="muted small">${t('cause.last')} <${Time} at=${group.last_at} ago />, ${t('cause.first')} <${Time} at=${group.first_at} ago /></span></div>
		<span class="cause-actions">
			<a class="button is-small" href=${link.items(job.id, { filter: `group:${group.id}`, show: 'responses' })}>${t('cause.items')}</a>
			<button type="button" class="button is-small" onClick=${retry}><${Icon} name="retry" />${t('cause.retry')}</button>
		</span></li>`;
}

export function Causes({ job, refresh }) {
	const dead = job.counts.failed + job.counts.unknown;
	const groups = usePoll((signal) => (dead ? api.groups(job.id, signal) : { groups: [] }),
		() => PERIOD_IDLE_MS, [job.id, dead > 0]);
	const list = (groups.data?.groups ?? []).filter((group) => group.count > 0);
	if (!list.length)
		return null;
	const again = () => { refresh(); groups.refresh(); };
	const most = Math.max(...list.map((group) => group.count));
	const all = () => bulkDialog({ job: job.id, action: 'retry', selection: { all: true }, what: t('bulk.all_dead'), done: again });
	return html`<section class="panel" aria-labelledby="causes-title">
		<header class="panel-head"><h2 id="causes-title">${t('causes')}</h2>
			<button type="button" class="button is-small" onClick=${all}><${Icon} name="retry" />${t('cause.retry_all')}</button></header>
		<ul class="cause-list">${list.map((group) => html`<${Row} key=${group.id} job=${job} group=${group} most=${most} refresh=${again} />`)}</ul>
	</section>`;
}
