// What was done to the job, by whom: bulk operations and the audit log.
import { html, useRef } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { has, t } from '../i18n.js';
import { PERIOD_BUSY_MS, PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { Time } from './time.js';

const OPERATIONS_SHOWN = 5;
const EVENTS_SHOWN = 12;
const EVENT_PAGES_MAX = 20;

function word(prefix, name) {
	const key = prefix + name.replace(/\W+/g, '_');
	return has(key) ? t(key) : name;
}

function Operation({ operation }) {
	const { action, matched, changed, selection, who } = operation;
	return html`<li class="log-row">
		<span><b>${word('operation.', action)}</b> ${operation.finished_at
			? t('operation.done', { changed }) : t('bulk.progress', { changed, matched })}</span>
		${!operation.finished_at && html`<progress max=${Math.max(1, matched)} value=${changed} aria-label=${word('operation.', action)}></progress>`}
		<span class="muted small"><code>${selection}</code> · ${word('who.', who)} · <${Time} at=${operation.created_at} ago /></span></li>`;
}

export function Operations({ job }) {
	const { data } = usePoll((signal) => api.operations(job.id, signal),
		({ operations }) => (operations.some((one) => !one.finished_at) ? PERIOD_BUSY_MS : PERIOD_IDLE_MS), [job.id]);
	const list = [...(data?.operations ?? [])].sort((a, b) => Number(b.id) - Number(a.id)).slice(0, OPERATIONS_SHOWN);
	if (!list.length)
		return null;
	return html`<section class="panel" aria-labelledby="operations-title">
		<header class="panel-head"><h2 id="operations-title">${t('operations')}</h2></header>
		<ul class="log">${list.map((operation) => html`<${Operation} key=${operation.id} operation=${operation} />`)}</ul>
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
				.sort((a, b) => Number(b.id) - Number(a.id)).slice(0, 100);
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
	if (!data?.length)
		return null;
	return html`<section class="panel" aria-labelledby="events-title">
		<header class="panel-head"><h2 id="events-title">${t('events')}</h2></header>
		<ul class="log">${data.slice(0, EVENTS_SHOWN).map((event) => html`<li key=${event.id} class="log-row">
			<span><b>${word('event.', event.what)}</b> <span>${event.detail}</span></span>
			<span class="muted small">${word('who.', event.who)} · <${Time} at=${event.at} ago /></span></li>`)}</ul>
	</section>`;
}
