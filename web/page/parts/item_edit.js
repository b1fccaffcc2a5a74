// Edit an item's input and send it again: its fields, what would change, and
// the request as it would be sent.  The original is kept by the server.
import { useEffect, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { isJson, layOut, members, objectOf } from '../exact_json.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useProblem, useReturns } from '../poll.js';
import { problemText } from '../problem.js';
import { Dialog, showDialog } from './dialog.js';
import { RequestView } from './request_view.js';
import { toast } from './toast.js';

const TYPING_MS = 300;
const FIELDS_MAX = 40; // more of them: as JSON

export function editDialog(options) {
	showDialog((close) => html`<${ItemEdit} ...${options} close=${close} />`);
}

const isText = (raw) => raw.startsWith('"');

// Of a field that was text, text is typed; of others their JSON.
function FieldRow({ name, raw, now, change, fault }) {
	const text = isText(raw);
	const id = `edit-${name}`;
	return html`<div class="edit-field ${now === raw ? '' : 'is-changed'}"><label for=${id}><bdi>${name}</bdi></label>
		<input id=${id} class="input is-code" autocomplete="off" spellcheck=${false} aria-invalid=${fault}
			value=${text ? JSON.parse(now) : now} onInput=${({ target }) => change(name, text ? JSON.stringify(target.value) : target.value)} />
		${now !== raw && html`<button type="button" class="text-button" onClick=${() => change(name, raw)}>${t('edit.undo')}</button>`}</div>`;
}

const pretty = (text) => layOut(text).map(([, part]) => part).join('');

function usePreview(job, seq, input) {
	const [state, setState] = useState({});
	const returns = useReturns();
	useEffect(() => {
		let stale = false;
		const timer = setTimeout(() => {
			if (input === null)
				return;
			api.preview(job, seq, input).then((answer) => stale || setState(answer), (error) => stale || setState({ error }));
		}, TYPING_MS);
		return () => { stale = true; clearTimeout(timer); };
	}, [input, returns]);
	return state;
}

export function Changes({ changes }) {
	return html`<ul class="changes">${changes.map(({ field, before, after }) => html`<li key=${field}><code class="change-field">${field}</code>
		<del class=${before === null ? 'is-absent' : ''}>${before ?? t('edit.absent')}</del><span aria-hidden="true">→</span>
		<ins class=${after === null ? 'is-absent' : ''}>${after ?? t('edit.absent')}</ins></li>`)}</ul>`;
}

function ItemEdit({ job, item, done, close }) {
	const original = members(item.input);
	const [fields, setFields] = useState(original);
	const [text, setText] = useState(original && original.length <= FIELDS_MAX ? null : pretty(item.input));
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useProblem();
	const wrong = (fields ?? []).filter(([, raw]) => !isJson(raw)).map(([name]) => name);
	const valid = text === null ? wrong.length === 0 : isJson(text);
	const input = !valid ? null : text === null ? objectOf(fields) : text;
	const preview = usePreview(job, item.seq, input);
	const change = (name, raw) => setFields(fields.map((pair) => (pair[0] === name ? [name, raw] : pair)));
	const problem = failure ?? preview.error;

	function swap() {
		if (text === null)
			setText(pretty(objectOf(fields)));
		else if (members(text))
			setFields(members(text)), setText(null);
	}
	async function go() {
		setBusy(true);
		try {
			await api.retryItem(job, item.seq, { input, done_too: item.state === 'done' });
			toast(t('item.retry.done', { seq: item.seq }));
			close();
			done();
		} catch (error) {
			setFailure(error);
			setBusy(false);
		}
	}
	const raws = Object.fromEntries(original ?? []);
	return html`<${Dialog} title=${t('edit.title', { seq: item.seq })} close=${close} wide actions=${html`
		<span class="muted small dialog-note">${t('edit.kept')}</span>
		<button type="button" class="button" onClick=${close}>${t('dialog.back')}</button>
		<button type="button" class="button is-primary" disabled=${!valid || busy || preview.error} onClick=${go}>${t('item.retry')}</button>`}>
		<div class="edit"><div class="edit-side">
			<div class="edit-head"><h3>${t('item.input')}</h3><button type="button" class="text-button" aria-pressed=${text !== null}
				disabled=${!valid} onClick=${swap}>${t('edit.json')}</button></div>
			${text === null ? fields.map(([name, now]) => html`<${FieldRow} key=${name} name=${name} raw=${raws[name] ?? now} now=${now} change=${change} fault=${wrong.includes(name)} />`)
			: html`<textarea class="input is-code" rows="14" spellcheck=${false} aria-label=${t('item.input')} aria-invalid=${!valid}
				value=${text} onInput=${(event) => setText(event.target.value)}></textarea>`}
			${!valid && html`<p class="problem small" role="alert">${t('edit.invalid')}</p>`}
		</div><div class="edit-side" aria-live="polite">
			${!problem && html`<h3>${t('edit.changes')}</h3>`}
			${problem ? null : preview.changes?.length ? html`<${Changes} changes=${preview.changes} />` : html`<p class="muted small">${t('edit.no_changes')}</p>`}
			<h3>${t('new.preview')}</h3>
			${problem ? html`<p class="problem">${problemText(problem)}</p>` : preview.request && html`<${RequestView} request=${preview.request} />`}
		</div></div>
		${item.state === 'done' && html`<p class="check is-warning">${t('item.retry.was_done')}</p>`}
		${item.state === 'unknown' && html`<p class="check is-warning">${t('item.retry.was_unknown')}</p>`}
	<//>`;
}
