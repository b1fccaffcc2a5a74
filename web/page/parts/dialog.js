// One modal dialog at a time, over the native element: focus stays inside and
// goes back where it was, Escape closes.
import { useEffect, useLayoutEffect, useRef } from '../vendor/preact/standalone.module.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { createStore, useStore } from '../store.js';
import { Icon } from './icon.js';

const open = createStore(null);

// render(close) answers a <Dialog>.
export function showDialog(render) {
	open.set(render);
}

export function DialogHost() {
	const render = useStore(open);
	const element = useRef(null);
	useLayoutEffect(() => {
		if (render && !element.current.open)
			element.current.showModal();
	}, [render]);
	const close = () => {
		element.current?.close();
		open.set(null);
	};
	// The browser's "back" leaves the dialog's place: the dialog goes with it.
	useEffect(() => {
		addEventListener('hashchange', close);
		return () => removeEventListener('hashchange', close);
	}, []);
	if (!render)
		return null;
	return html`<dialog ref=${element} aria-labelledby="dialog-title"
		onCancel=${(event) => { event.preventDefault(); close(); }}
		onClick=${(event) => event.target === element.current && close()}>${render(close)}</dialog>`;
}

// wide: room for two columns.
export function Dialog({ title, close, actions, wide, children }) {
	return html`<div class="dialog ${wide ? 'is-wide' : ''}">
		<div class="dialog-head">
			<h2 id="dialog-title">${title}</h2>
			<button type="button" class="icon-button" onClick=${close} aria-label=${t('close')}><${Icon} name="close" /></button>
		</div>
		<div class="dialog-body">${children}</div>
		${actions && html`<footer class="dialog-actions">${actions}</footer>`}
	</div>`;
}

// A question with one consequence.
export function confirmDialog({ title, text, yes, danger, act }) {
	showDialog((close) => html`<${Dialog} title=${title} close=${close} actions=${html`
		<button type="button" class="button" onClick=${close}>${t('dialog.back')}</button>
		<button type="button" class="button ${danger ? 'is-danger' : 'is-primary'}"
			onClick=${() => { close(); act(); }}>${yes}</button>`}>
		<p>${text}</p>
	<//>`);
}
