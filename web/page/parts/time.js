// A moment: relative or short, the whole of it on hover.
import { html } from '../vendor/preact/standalone.module.js';
import { moment, momentInFull, relative } from '../format.js';

export function Time({ at, ago }) {
	if (!at)
		return html`<span class="muted">–</span>`;
	return html`<time datetime=${at} title=${momentInFull(at)}>${ago ? relative(at) : moment(at)}</time>`;
}
