// One item: its input, every attempt with its response, and what to do with it.
import { api } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { Attempts } from '../parts/attempts.js';
import { Failed, Waiting } from '../parts/busy.js';
import { Cause } from '../parts/causes.js';
import { Chip } from '../parts/chip.js';
import { Code } from '../parts/code.js';
import { copyText } from '../parts/copy.js';
import { Crumbs } from '../parts/crumbs.js';
import { confirmDialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { editDialog } from '../parts/item_edit.js';
import { RequestView } from '../parts/request_view.js';
import { whoText } from '../parts/log.js';
import { attempt } from '../parts/toast.js';
import { Time } from '../parts/time.js';
import { PERIOD_BUSY_MS, PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { link } from '../router.js';
import { useReadOnly } from '../server.js';
import { useTitle } from '../title.js';

const MOVING = new Set(['pending', 'running', 'waiting']);
const RETRIED = new Set(['failed', 'unknown', 'skipped', 'done']);

function useActions(job, cancelled, item, refresh) {
	const run = async (call, done) => {
		await attempt(call, done);
		refresh();
	};
	const send = (body) => () => run(() => api.retryItem(job, item.seq, body), t('item.retry.done', { seq: item.seq }));
	const ask = (text, body) => () => confirmDialog({
		title: t('item.retry.title', { seq: item.seq }), text, yes: t('item.retry'), danger: true, act: send(body),
	});
	const seqs = [item.seq];
	const curl = async () => {
		const text = await attempt(() => api.curl(job, item.seq));
		if (text)
			await copyText(text, t('item.curl'));
	};
	return useReadOnly() ? { curl } : {
		curl,
		edit: cancelled || !RETRIED.has(item.state) ? null : () => editDialog({ job, item, done: refresh }),
		retry: cancelled || !RETRIED.has(item.state) ? null
			: item.state === 'done' ? ask(t('item.retry.was_done'), { done_too: true })
			: item.state === 'unknown' ? ask(t('item.retry.was_unknown'), {})
			: send({}),
		skip: !/^(failed|unknown|pending|waiting)$/.test(item.state) ? null
			: () => run(() => api.act(job, 'skip', { seqs }), t('item.skip.done', { seq: item.seq })),
		resolve: item.state !== 'unknown' ? null
			: (as) => () => run(() => api.act(job, 'resolve', { seqs, as }), t('item.resolve.done', { seq: item.seq })),
	};
}

function Head({ job, cancelled, item, refresh }) {
	const { retry, edit, skip, resolve, curl } = useActions(job, cancelled, item, refresh);
	useKeys({ r: retry, e: edit, s: skip, c: curl });
	return html`<div class="head">
			<h1>${t('item.title', { seq: item.seq })}</h1>
			${item.key !== null && html`<span class="head-key"><span class="muted">${t('column.key')}</span> <bdi>${item.key}</bdi></span>`}
			<${Chip} state=${item.state} />
			<div class="head-actions">
				${retry && html`<button type="button" class="button is-primary" onClick=${retry}><${Icon} name="retry" />${t('item.retry')}</button>`}
				${edit && html`<button type="button" class="button" onClick=${edit}><${Icon} name="edit" />${t('item.edit')}</button>`}
				${skip && html`<button type="button" class="button" onClick=${skip}><${Icon} name="skip" />${t('item.skip')}</button>`}
				<button type="button" class="button" onClick=${curl}><${Icon} name="copy" />${t('item.curl')}</button>
			</div></div>
		${item.cause && html`<p class="reason state-${item.state}"><${Cause} cause=${item.cause} status=${item.http_status} />
			${item.cause.group && html`<a href=${link.items(job, { filter: `group:${item.cause.group}`, show: 'responses' })}>${t('cause.same')}</a>`}</p>`}
		${item.state === 'waiting' && item.due && html`<p class="reason state-waiting">${new Date(item.due) > Date.now() ? html`${t('item.due')} <b><${Time} at=${item.due} ago /></b>` : t('item.due_now')}</p>`}
		${resolve && html`<div class="panel resolve"><p>${t('item.resolve.text')}</p>
			<div class="resolve-actions"><button type="button" class="button" onClick=${resolve('done')}><${Icon} name="check" />${t('item.resolve.as_done')}</button>
			<button type="button" class="button" onClick=${resolve('failed')}><${Icon} name="close" />${t('item.resolve.as_failed')}</button></div></div>`}`;
}

// What was sent, or what would be sent now.
function Request({ item }) {
	if (item.request === undefined)
		return null;
	return html`<section class="panel" aria-labelledby="request-title">
		<header class="panel-head"><h2 id="request-title">${item.attempts && item.request_is_current ? t('request.sent') : t('request.now')}</h2></header>
		<div class="panel-body"><${RequestView} request=${item.request} /></div></section>`;
}

export function Item({ job: id, seq }) {
	const { data: job } = usePoll((signal) => api.job(id, signal), () => PERIOD_IDLE_MS, [id]);
	const { data: item, error, refresh } = usePoll((signal) => api.item(id, seq, signal),
		({ state }) => (MOVING.has(state) ? PERIOD_BUSY_MS : PERIOD_IDLE_MS), [id, seq]);
	useTitle([t('item.title', { seq }), job?.name].filter(Boolean).join(' · '));
	if (error && !item)
		return html`<${Failed} error=${error} />`;
	if (!item)
		return html`<${Waiting} />`;
	return html`<${Crumbs} trail=${[[t('nav.jobs'), link.jobs()], [job?.name ?? id, link.job(id)], [t('nav.items'), link.items(id)], [`#${seq}`]]} />
		<${Head} job=${id} cancelled=${job?.state === 'cancelled'} item=${item} refresh=${refresh} />
		<div class="columns is-item">
			<div class="column-main"><${Attempts} item=${item} /><${Request} item=${item} /></div>
			<div class="column-side">
				<section class="panel" aria-labelledby="input-title"><header class="panel-head"><h2 id="input-title">${t('item.input')}</h2></header>
					${item.edited_at && html`<p class="panel-note small muted">${t('item.edited', { who: whoText(item.edited_by) })} <${Time} at=${item.edited_at} ago /></p>`}
					<${Code} text=${item.input} label=${t('item.input')} /></section>
				${item.original_input && html`<section class="panel" aria-labelledby="original-title"><header class="panel-head"><h2 id="original-title">${t('item.original')}</h2></header>
					<${Code} text=${item.original_input} label=${t('item.original')} /></section>`}
				${item.extracted && html`<section class="panel" aria-labelledby="extracted-title"><header class="panel-head"><h2 id="extracted-title">${t('item.extracted')}</h2></header>
					<${Code} text=${item.extracted} label=${t('item.extracted')} /></section>`}
			</div>
		</div>`;
}
