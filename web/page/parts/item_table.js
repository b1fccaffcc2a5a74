// The table of items; on a phone each row is a card.
import { useRef, useState } from '../vendor/preact/standalone.module.js';
import { count, duration } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { link } from '../router.js';
import { Cause } from './causes.js';
import { Chip } from './chip.js';
import { Icon } from './icon.js';
import { ResponseOf } from './response.js';
import { Time } from './time.js';

const COLUMNS = ['seq', 'key', 'state', 'cause', 'http', 'attempts', 'duration', 'when'];

function rowOf(table) {
	return table?.contains(document.activeElement) ? document.activeElement.closest('[data-seq]') : null;
}

// Moves the focus along the rows.
export function rowStep(table, by) {
	const rows = [...table?.querySelectorAll('tr[data-seq]') ?? []];
	const at = rows.indexOf(rowOf(table));
	const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
	next?.querySelector('.item-link').focus();
	next?.scrollIntoView({ block: 'nearest' });
}

export function rowToggle(table) {
	rowOf(table)?.querySelector('input[type=checkbox]').click();
}

function Row({ job, item, chosen, onChoose, open, onOpen }) {
	return html`<tr data-seq=${item.seq} class=${chosen ? 'is-chosen' : ''} role="row">
		<td class="cell-check" role="cell"><input type="checkbox" checked=${chosen} onClick=${onChoose} aria-label=${t('items.choose', { seq: item.seq })} /></td>
		<td class="cell-seq" role="cell"><a class="item-link" href=${link.item(job, item.seq)}>#${item.seq}</a></td>
		<td class="cell-key" role="cell">${item.key !== null ? html`<bdi>${item.key}</bdi>` : html`<code class="input-preview">${item.input.slice(0, 80)}</code>`}</td>
		<td class="cell-state" role="cell"><${Chip} state=${item.state} /></td>
		<td class="cell-cause" role="cell">${item.cause && html`<${Cause} cause=${item.cause} status=${item.http_status} />`}</td>
		<td class="cell-http num" role="cell">${item.http_status ?? '–'}</td>
		<td class="cell-attempts num" role="cell">${count(item.attempts)}</td>
		<td class="cell-duration num" role="cell">${duration(item.duration_ms)}</td>
		<td class="cell-when" role="cell"><${Time} at=${item.state === 'waiting' && item.due ? item.due : item.at} ago /></td>
		<td class="cell-open" role="cell">${item.attempts > 0 && html`<button type="button" class="icon-button" aria-expanded=${open} onClick=${onOpen}
			aria-label=${t('items.open', { seq: item.seq })}><${Icon} name=${open ? 'down' : 'next'} /></button>`}</td>
	</tr>
	${open && html`<tr class="response-row" role="row"><td colspan="10" role="cell"><${ResponseOf} job=${job} item=${item} /></td></tr>`}`;
}

export function ItemTable({ element, job, items, selection, responses }) {
	const last = useRef(null);
	const [toggled, setToggled] = useState(new Set());
	if (!items.length)
		return html`<p class="panel placeholder">${t('items.none')}</p>`;
	const whole = items.every((item) => selection.seqs.has(item.seq));
	// With shift: everything from the row clicked before to this one.
	const choose = (i) => (event) => {
		const from = event.shiftKey && last.current !== null ? last.current : i;
		last.current = i;
		const range = items.slice(Math.min(from, i), Math.max(from, i) + 1);
		selection.set(range.map((item) => item.seq), event.target.checked);
	};
	const toggle = (seq) => () => {
		const next = new Set(toggled);
		if (!next.delete(seq))
			next.add(seq);
		setToggled(next);
	};
	return html`<div class="panel table-panel" ref=${element}><table class="items" role="table">
		<caption class="visually-hidden">${t('nav.items')}</caption>
		<thead role="rowgroup"><tr role="row">
			<th class="cell-check" scope="col" role="columnheader"><input type="checkbox" checked=${whole} aria-label=${t('items.choose_page')}
				onChange=${(event) => selection.set(items.map((item) => item.seq), event.target.checked)} /></th>
			${COLUMNS.map((name) => html`<th key=${name} class="cell-${name} ${/http|attempts|duration/.test(name) ? 'num' : ''}" scope="col" role="columnheader">${t('column.' + name)}</th>`)}
			<th class="cell-open" scope="col" role="columnheader"><span class="visually-hidden">${t('response')}</span></th>
		</tr></thead>
		<tbody role="rowgroup">${items.map((item, i) => html`<${Row} key=${item.seq} job=${job} item=${item}
			chosen=${selection.all !== null || selection.seqs.has(item.seq)} onChoose=${choose(i)}
			open=${(responses && item.attempts > 0) !== toggled.has(item.seq)} onOpen=${toggle(item.seq)} />`)}</tbody>
	</table></div>`;
}
