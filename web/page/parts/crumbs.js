// The way back up.  trail: [[text, href], …]; the last one is where we are.
import { html } from '../html.js';
import { t } from '../i18n.js';

export function Crumbs({ trail }) {
	return html`<nav class="crumbs" aria-label=${t('nav.crumbs')}><ol>${trail.map(([text, href], i) => html`<li key=${i}>
		${href ? html`<a href=${href}><bdi>${text}</bdi></a>` : html`<span aria-current="page"><bdi>${text}</bdi></span>`}</li>`)}</ol></nav>`;
}
