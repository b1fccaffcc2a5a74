// Retry, skip or resolve many items: count first, ask, do, tell.
import { useEffect, useState } from '../vendor/preact/standalone.module.js';
import { api, connectionLost, Unreachable } from '../api.js';
import { count } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useProblem, useReturns } from '../poll.js';
import { problemText } from '../problem.js';
import { Dialog, showDialog } from './dialog.js';
import { attempt, toast } from './toast.js';

const WATCH_MS = 700;

// action: retry, skip, resolve (with `as`); selection: {filter}, {group},
// {seqs} or {all}; what: the selection in words; done(): after it went out.
export function bulkDialog(options) {
	showDialog((close) => html`<${Bulk} ...${options} close=${close} />`);
}

// Counted anew when the server is back: what was cut off may have been done.
function useDryRun({ job, action, body }) {
	const [state, setState] = useState({});
	const asked = JSON.stringify(body);
	const returns = useReturns();
	useEffect(() => {
		let stale = false;
		setState({});
		api.act(job, action, { ...body, dry_run: true })
			.then((answer) => stale || setState({ count: answer, reasoned: 'reason' in answer }),
				(error) => stale || setState({ error }));
		return () => { stale = true; };
	}, [asked, returns]);
	return state;
}

// An operation goes on after a restart of the server, and so does this.
async function follow(job, operation, show) {
	while (!operation.finished_at && operation.id) {
		show(operation);
		await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
		if (connectionLost.get())
			continue;
		try {
			operation = await api.operation(job, operation.id);
		} catch (error) {
			if (!(error instanceof Unreachable))
				throw error;
		}
	}
	return operation;
}

function Bulk({ job, action, as, selection, what, close, done }) {
	const [doneToo, setDoneToo] = useState(false);
	const [operation, setOperation] = useState(null);
	const [reason, setReason] = useState('');
	const [failure, setFailure] = useProblem();
	const key = as ? `${action}_${as}` : action;
	const body = { ...selection, ...(as && { as }), ...(doneToo && { done_too: true }) };
	const { count: found, reasoned, error } = useDryRun({ job, action, body });
	const n = found?.changed; // matched are also those whose state it does not apply to
	const others = found ? found.matched - n : 0;
	const problem = failure ?? error;

	async function go() {
		try {
			const started = await api.act(job, action, { ...body, ...(reason.trim() && { reason: reason.trim() }) });
			done?.();
			const ended = await follow(job, started, setOperation);
			toast(!ended.cancelled_at && !ended.changed ? t('bulk.nothing') : ended.cancelled_at ? t('operation.cancelled', ended) : t(`bulk.${key}.result`, { n: ended.changed }));
			close();
		} catch (thrown) {
			setFailure(thrown);
		}
	}

	const ready = n > 0 && !operation && !(problem instanceof Unreachable);
	return html`<${Dialog} title=${t(`bulk.${key}.title`)} close=${close} actions=${html`
		<button type="button" class="button" onClick=${close}>${operation ? t('bulk.background') : t('dialog.back')}</button>
		${operation?.id && 'cancelled_at' in operation && html`<button type="button" class="button is-quiet-danger" onClick=${() => attempt(() => api.cancelOperation(job, operation.id))}>${t('operation.cancel')}</button>`}
		<button type="button" class="button is-primary" disabled=${!ready} onClick=${go}>
			${n === undefined ? (problem ? t(`bulk.${key}.title`) : t('bulk.counting')) : t(`bulk.${key}.yes`, { n })}</button>`}>
		<p class="bulk-what">${what}</p>
		<div aria-live="polite">
			${problem && html`<p class="problem">${problemText(problem)}</p>`}
			${!problem && !found && html`<p class="muted">${t('bulk.counting')}</p>`}
			${!problem && found && !operation && html`<p>${n === 0 ? t('bulk.nothing') : t(`bulk.${key}.text`, { n })}</p>
				${action === 'retry' && found.unknown > 0 && html`<p class="problem">${n === 1 ? t('item.retry.was_unknown') : t('bulk.retry.unknown', { n: found.unknown })}</p>`}
				${others > 0 && n > 0 && html`<p class="muted small">${t('bulk.others', { n: others })}</p>`}`}
			${operation && html`<p>${t('bulk.progress', { changed: operation.changed, matched: n })}</p>
				<progress max=${Math.max(1, n, operation.changed)} value=${operation.changed} aria-label=${t(`bulk.${key}.title`)}></progress>`}
		</div>
		${ready && reasoned && html`<div class="field"><label for="bulk-reason">${t('bulk.reason')}</label>
			<input id="bulk-reason" class="input" maxlength="200" autocomplete="off" placeholder=${t('bulk.reason.hint')} value=${reason} onInput=${(event) => setReason(event.target.value)} /></div>`}
		${action === 'retry' && (others > 0 || doneToo) && !operation && html`<label class="check is-warning">
			<input type="checkbox" checked=${doneToo} onChange=${(event) => setDoneToo(event.target.checked)} />
			<span>${t('bulk.done_too')}</span></label>`}
	<//>`;
}

export function seqsInWords(seqs) {
	return seqs.length <= 8 ? seqs.map((seq) => `#${seq}`).join(', ')
		: t('bulk.chosen', { n: count(seqs.length) });
}
