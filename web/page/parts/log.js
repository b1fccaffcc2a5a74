// What was done to the job, by whom: bulk operations and the audit log.
import { useEffect, useRef } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { html } from '../html.js';
import { has, t } from '../i18n.js';
import { PERIOD_BUSY_MS, PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { useReadOnly } from '../server.js';
import { useMore } from './more.js';
import { eventText, selectionText } from './reason.js';
import { Time } from './time.js';
import { attempt } from './toast.js';

const OPERATIONS_SHOWN = 5;
const EVENTS_SHOWN = 8;
const EVENTS_KEPT = 1000;
const EVENT_PAGES_MAX = 20;

function word(prefix, name) {
	const key = prefix + name.replace(/\W+/g, '_');
	return has(key) ? t(key) : name;
}

export function whoText(who) {
	return word('who.', who ?? '');
}

function Operation({ operation, cancel }) {
	const { action, matched, changed, selection, who, reason } = operation;
	const name = word('operation.', action);
	return html`<li class="log-row">
		<div class="log-head"><span><b>${name}</b> ${operation.cancelled_at ? t('operation.cancelled', { changed, matched })
			: operation.finished_at ? t('operation.done', { changed }) : t('bulk.progress', { changed, matched })}</span>
			${!operation.finished_at && 'cancelled_at' in operation && cancel && html`<button type="button" class="text-button" onClick=${() => cancel(operation)}>${t('operation.cancel')}</button>`}</div>
		${!operation.finished_at && html`<progress max=${Math.max(1, matched)} value=${changed} aria-label=${name}></progress>`}
		${reason && html`<span class="log-reason">${reason}</span>`}
		<span class="muted small"><code>${selectionText(selection)}</code> · ${whoText(who)} · <${Time} at=${operation.created_at} ago /></span></li>`;
}

export function Operations({ job }) {
	const { open, limit, cut, More } = useMore(OPERATIONS_SHOWN);
	const { data, refresh } = usePoll((signal) => api.operations(job.id, { limit }, signal),
		({ operations }) => (operations.some((one) => !one.finished_at) ? PERIOD_BUSY_MS : PERIOD_IDLE_MS), [job.id]);
	useEffect(() => open && refresh(), [open]);
	const read_only = useReadOnly();
	const cancel = async ({ id }) => {
		await attempt(() => api.cancelOperation(job.id, id), t('operation.cancel.done'));
		refresh();
	};
	const list = data?.operations ?? [];
	if (!list.length)
		return null;
	return html`<section class="panel" aria-labelledby="operations-title">
		<header class="panel-head"><h2 id="operations-title">${t('operations')}</h2></header>
		<ul class="log ${open ? 'is-long' : ''}" tabindex=${open ? 0 : null}>${cut(list).map((operation) => html`<${Operation}
			key=${operation.id} operation=${operation} cancel=${!read_only && cancel} />`)}</ul>
		${More({ n: list.length, next: data?.next })}
	</section>`;
}

// The log comes oldest first: walk on from where we were, keep the newest.
function useEvents(job) {
	const kept = useRef({ id: null });
	return usePoll(async (signal) => {
		if (kept.current.id !== job.id)
			kept.current = { id: job.id, after: '0', list: [] };
		for (let page = 0; page < EVENT_PAGES_MAX; page++) {
			const { events, next } = await api.events(job.id, kept.current.after, signal);
			const known = new Set(kept.current.list.map((event) => event.id));
			const fresh = events.filter((event) => !known.has(event.id));
			kept.current.list = [...fresh.reverse(), ...kept.current.list]
				.sort((a, b) => Number(b.id) - Number(a.id)).slice(0, EVENTS_KEPT);
			if (kept.current.list.length)
				kept.current.after = kept.current.list[0].id;
			if (!next || !fresh.length)
				break;
		}
		return kept.current.list;
	}, () => PERIOD_IDLE_MS, [job.id]);
}

export function Events({ job }) {
	const { data } = useEvents(job);
	const { open, cut, More } = useMore(EVENTS_SHOWN);
	if (!data?.length)
		return null;
	return html`<section class="panel" aria-labelledby="events-title">
		<header class="panel-head"><h2 id="events-title">${t('events')}</h2></header>
		<ul class="log ${open ? 'is-long' : ''}" tabindex=${open ? 0 : null}>${cut(data).map((event) => html`<li key=${event.id} class="log-row">
			<span><b>${word('event.', event.what)}</b> <span>${eventText(event.detail)}</span></span>
			<span class="muted small">${whoText(event.who)} · <${Time} at=${event.at} ago /></span></li>`)}</ul>
		${More({ n: data.length })}
	</section>`;
}
