// The request that is made of each item; a click on a field's name puts it
// where the caret was.
import { useRef } from '../vendor/preact/standalone.module.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { BODIES, METHODS, takesBody } from '../job_draft.js';
import { Field } from './field.js';

const BUILT_IN = ['$item', '$seq'];
const PLACEHOLDERS = {
	json: '{"id": "{{user_id}}", "name": "{{name}}"}', text: 'id={{user_id}}', form: 'id={{user_id}}\nname={{name}}',
};

function Insert({ columns, insert }) {
	if (!columns.length)
		return null;
	return html`<div class="insert is-wide" role="group" aria-label=${t('new.insert')}><span class="muted small">${t('new.insert')}</span>
		${[...columns, ...BUILT_IN].map((name) => html`<button type="button" key=${name} class="token" onClick=${() => insert(`{{${name}}}`)}>${name}</button>`)}</div>`;
}

export function NewRequest({ draft, change, columns, faults }) {
	const last = useRef('url'); // the field that had the focus
	const elements = useRef({});
	const text = (name) => ({
		value: draft[name], ref: (element) => { elements.current[name] = element; },
		onInput: (event) => change({ [name]: event.target.value }), onFocus: () => { last.current = name; },
	});
	const fault = (name) => faults[name] && t(faults[name]);
	function insert(token) {
		const name = last.current;
		const { selectionStart: from, selectionEnd: to } = elements.current[name] ?? {};
		const old = draft[name];
		const next = old.slice(0, from ?? old.length) + token + old.slice(to ?? old.length);
		const at = (from ?? old.length) + token.length;
		change({ [name]: next });
		if (!elements.current[name])
			return;
		elements.current[name].value = next;
		elements.current[name].focus();
		elements.current[name].setSelectionRange(at, at);
	}
	return html`<section class="panel" aria-labelledby="new-request-title">
		<header class="panel-head"><h2 id="new-request-title">${t('new.request')}</h2></header>
		<div class="form">
			<div class="field is-wide"><label for="new-url">${t('new.url')}</label><div class="url-line">
				<select class="input" aria-label=${t('new.method')} value=${draft.method} onChange=${(event) => change({ method: event.target.value })}>
					${METHODS.map((method) => html`<option key=${method} value=${method} selected=${method === draft.method}>${method}</option>`)}</select>
				<input id="new-url" class="input is-code" type="url" autocomplete="off" spellcheck=${false} placeholder="https://api.example.com/users/{{user_id}}"
					aria-invalid=${Boolean(fault('url'))} aria-describedby=${fault('url') ? 'new-url-words' : null} ...${text('url')} /></div>
				${fault('url') && html`<p id="new-url-words" class="small problem">${fault('url')}</p>`}</div>
			<${Insert} columns=${columns} insert=${insert} />
			<${Field} id="new-headers" label=${t('new.headers')} hint=${t('new.headers.hint')} fault=${fault('headers')} wide control=${(tie) => html`<textarea ...${tie}
				class="input is-code" rows="2" spellcheck=${false} placeholder="Authorization: Bearer \${env:API_TOKEN}" ...${text('headers')}></textarea>`} />
			${takesBody(draft) && html`<${Field} id="new-body-kind" label=${t('new.body')} wide control=${(tie) => html`<select ...${tie} class="input" value=${draft.body_kind}
				onChange=${(event) => change({ body_kind: event.target.value })}>
				${BODIES.map((kind) => html`<option key=${kind} value=${kind} selected=${kind === draft.body_kind}>${t('body.' + kind)}</option>`)}</select>`} />`}
			${takesBody(draft) && /json|text|form/.test(draft.body_kind) && html`<${Field} id="new-body" label=${t('new.body.template')} fault=${fault('body')} wide
				hint=${draft.body_kind === 'json' ? t('new.body.json_hint') : null} control=${(tie) => html`<textarea ...${tie} class="input is-code" rows="5"
				spellcheck=${false} placeholder=${PLACEHOLDERS[draft.body_kind]} ...${text('body')}></textarea>`} />`}
		</div>
	</section>`;
}
