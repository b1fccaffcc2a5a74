// Short notes on what was done, and what screen readers are told.
import { connectionLost, Unreachable } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { callText } from '../problem.js';
import { createStore, useStore } from '../store.js';
import { Icon } from './icon.js';

const SHOWN_MS = 6000;
const toasts = createStore([]);
const spoken = createStore('');
let last = 0;

function drop(id) {
	toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

// Errors stay until they are closed; away: that the server is, which is over when
// it is back or another view is opened.
export function toast(text, kind = 'info', away = false) {
	const id = ++last;
	toasts.set([...toasts.get().slice(-3), { id, text, kind, away, at: Date.now() }]);
	if (kind !== 'error')
		setTimeout(() => drop(id), SHOWN_MS);
}

// Long enough to be read, though the server be back at once.
connectionLost.subscribe((lost) => {
	for (const { id, away, at } of lost ? [] : toasts.get())
		if (away)
			setTimeout(() => drop(id), at + SHOWN_MS - Date.now());
});
addEventListener('hashchange', () => toasts.set(toasts.get().filter((toast) => !toast.away)));

// For a change that is seen elsewhere on the page.
export function announce(text) {
	spoken.set(text);
}

// Runs a call; says `done` or why not.  Answers the call's answer or undefined.
export async function attempt(call, done) {
	try {
		const answer = await call();
		if (done)
			toast(done);
		return answer;
	} catch (error) {
		toast(callText(error), 'error', error instanceof Unreachable);
		return undefined;
	}
}

export function Toasts() {
	const list = useStore(toasts);
	return html`<div class="toasts" role="status" aria-live="polite">
		${list.map(({ id, text, kind }) => html`<div key=${id} class="toast is-${kind}">
			<span>${text}</span>
			<button type="button" class="icon-button" onClick=${() => drop(id)} aria-label=${t('close')}><${Icon} name="close" /></button>
		</div>`)}
	</div>`;
}

export function Announcer() {
	return html`<div class="visually-hidden" aria-live="polite" id="announcer">${useStore(spoken)}</div>`;
}
