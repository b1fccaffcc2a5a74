// A moment: relative or short, the whole of it on hover.
import { moment, momentInFull, relative } from '../format.js';
import { html } from '../html.js';

export function Time({ at, ago }) {
	if (!at)
		return html`<span class="muted">–</span>`;
	return html`<time datetime=${at} title=${momentInFull(at)}>${ago ? relative(at) : moment(at)}</time>`;
}
