// Failures by cause: ten thousand of them are a handful of reasons.
import { useEffect } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { count, moment } from '../format.js';
import { html } from '../html.js';
import { has, t } from '../i18n.js';
import { PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { link } from '../router.js';
import { useReadOnly } from '../server.js';
import { DEAD } from './bar.js';
import { bulkDialog } from './bulk.js';
import { correctDialog } from './correct.js';
import { Icon } from './icon.js';
import { useMore } from './more.js';
import { Time } from './time.js';

const SHOWN = 10;
const TREND_BARS_MIN = 20;

// "HTTP 404", "timeout", "rule"
export function className(name, status) {
	if (status)
		return `HTTP ${status}`;
	return has('class.' + name) ? t('class.' + name) : name;
}

// A message that begins with the name of its class is not led by it again.
export function Cause({ cause, status }) {
	const name = className(cause.class, status);
	const message = cause.message?.startsWith(name) ? cause.message.slice(name.length).trim() : cause.message || t('cause.no_message');
	return html`<span class="cause"><span class="cause-class">${name}</span>${' '}
		${cause.code && html`<code class="cause-code">${cause.code}</code>`}${' '}
		<span class="cause-message">${message}</span></span>`;
}

// Arrivals over time, as bars; in words for those who do not see them.
function Trend({ trend }) {
	const counts = trend?.counts ?? [];
	if (counts.length < 2)
		return html`<span class="trend"></span>`;
	const top = Math.max(1, ...counts);
	const width = 100 / Math.max(counts.length, TREND_BARS_MIN);
	const peak = counts.indexOf(Math.max(...counts));
	const words = t('cause.trend', { n: counts[peak], time: moment(trend.t + peak * trend.step_s * 1000) });
	return html`<svg class="trend" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=${words}><title>${words}</title>
		${counts.map((n, i) => n > 0 && html`<rect key=${i} class="fill-failed" x=${100 - (counts.length - i) * width} y=${24 - Math.max(1.5, n / top * 24)} width=${width * 0.8} height=${Math.max(1.5, n / top * 24)} />`)}</svg>`;
}

function Row({ job, group, most, refresh, still }) {
	const retry = () => bulkDialog({
		job: job.id, action: 'retry', selection: { group: group.id }, done: refresh,
		what: [className(group.class, group.http_status), group.code, group.message].filter(Boolean).join(' · '),
	});
	return html`<li class="cause-row">
		<span class="cause-count"><b>${count(group.count)}</b>
			<svg class="cause-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
				<rect class="bar-track" width="100" height="4" /><rect class="fill-failed" width=${Math.max(2, group.count / most * 100)} height="4" /></svg></span>
		<div class="cause-text"><${Cause} cause=${group} status=${group.http_status} />
			<span class="muted small cause-when">${t('cause.last')} <${Time} at=${group.last_at} ago />${t('cause.comma')}${t('cause.first')} <${Time} at=${group.first_at} ago />
				${group.samples?.length > 0 && html`<span>${t('cause.samples')} ${group.samples.slice(0, 3).map((seq) => html`<a key=${seq} href=${link.item(job.id, seq)}>#${seq}</a> `)}</span>`}</span></div>
		<${Trend} trend=${group.trend} />
		<span class="cause-actions">
			<a class="button is-small" href=${link.items(job.id, { filter: `group:${group.id}`, show: 'responses' })}>${t('cause.items')}</a>
			${!still && html`<button type="button" class="button is-small" onClick=${retry}><${Icon} name="retry" />${t('cause.retry')}</button>`}
		</span></li>`;
}

export function Causes({ job, refresh }) {
	const still = useReadOnly() || job.state === 'cancelled'; // nothing is sent again
	const dead = job.counts.failed + job.counts.unknown;
	const { open, limit, cut, More } = useMore(SHOWN);
	const groups = usePoll((signal) => (dead ? api.groups(job.id, { limit }, signal) : { groups: [] }),
		() => PERIOD_IDLE_MS, [job.id, dead > 0]);
	useEffect(() => open && groups.refresh(), [open]);
	const list = (groups.data?.groups ?? []).filter((group) => group.count > 0);
	if (!list.length)
		return null;
	const again = () => { refresh(); groups.refresh(); };
	const most = Math.max(...list.map((group) => group.count));
	const all = () => bulkDialog({ job: job.id, action: 'retry', selection: { filter: DEAD }, what: t('bulk.all_dead'), done: again });
	return html`<section class="panel" aria-labelledby="causes-title">
		<header class="panel-head"><h2 id="causes-title">${t('causes')}</h2>
			${!still && html`<div class="cause-actions"><button type="button" class="button is-small" onClick=${() => correctDialog({ job, done: again })}><${Icon} name="upload" />${t('correct.open')}</button>
			<button type="button" class="button is-small" onClick=${all}><${Icon} name="retry" />${t('cause.retry_all')}</button></div>`}</header>
		<ul class="cause-list">${cut(list).map((group) => html`<${Row} key=${group.id} job=${job} group=${group} most=${most} refresh=${again} still=${still} />`)}</ul>
		${More({ n: list.length, next: groups.data.next })}
	</section>`;
}
