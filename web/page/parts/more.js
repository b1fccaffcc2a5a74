// A list that begins short: its first few, and all of them when asked for.
import { useState } from '../vendor/preact/standalone.module.js';
import { html } from '../html.js';
import { t } from '../i18n.js';

const PAGE = 100;
const PAGE_MAX = 1000; // as the API gives at once

// {open, limit, cut, More}: whether all is asked for, how many to fetch, the part
// of a list to draw, what stands below it.
export function useMore(shown) {
	const [open, setOpen] = useState(false);
	return {
		open,
		limit: open ? PAGE_MAX : PAGE,
		cut: (list) => (open ? list : list.slice(0, shown)),
		// next: the server has more than these n
		More: ({ n, next }) => html`${open && next && n >= PAGE_MAX && html`<p class="panel-note small muted">${t('more.first', { n })}</p>`}
			${n > shown && html`<button type="button" class="text-button panel-more" aria-expanded=${open}
				onClick=${() => setOpen(!open)}>${open ? t('more.fewer') : next ? t('more.some') : t('more.all', { n })}</button>`}`,
	};
}
