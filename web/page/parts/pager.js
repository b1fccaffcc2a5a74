// From page to page of a listing that goes by key: forward by the server's
// cursor, back over the pages that were seen.
import { html } from '../html.js';
import { t } from '../i18n.js';

let seen = { of: null, pages: [] }; // outlives the view: one comes back from an item

function pagesOf(of, after) {
	if (seen.of !== of || !seen.pages.includes(after))
		seen = { of, pages: [after] };
	return seen.pages;
}

// of: what is listed; after: this page's cursor, '' for the first; next: the next
// one's or null; go(cursor).
export function Pager({ of, after, next, go, children }) {
	const pages = pagesOf(of, after);
	const at = pages.indexOf(after);
	const forward = () => {
		seen.pages = [...pages.slice(0, at + 1), next];
		go(next);
	};
	return html`<nav class="pager" aria-label=${t('items.pages')}>
		<span class="pager-back"><button type="button" class="button" disabled=${!after} onClick=${() => go('')}>${t('items.first')}</button>
			<button type="button" class="button" disabled=${at === 0} onClick=${() => go(pages[at - 1])}>${t('items.previous')}</button></span>
		<span class="muted">${children}</span>
		<button type="button" class="button" disabled=${!next} onClick=${forward}>${t('items.next')}</button>
	</nav>`;
}
