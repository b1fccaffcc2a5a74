// A state, as a coloured dot and its name.
import { html } from '../html.js';
import { has, t } from '../i18n.js';

export function stateName(state) {
	return has('state.' + state) ? t('state.' + state) : state;
}

export function Chip({ state }) {
	return html`<span class="chip state-${has('state.' + state) ? state : 'pending'}">${stateName(state)}</span>`;
}
