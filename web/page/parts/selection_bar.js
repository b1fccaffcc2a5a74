// What is chosen, how to choose all that match, and what to do with them.
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useReadOnly } from '../server.js';
import { Icon } from './icon.js';

export function SelectionBar({ selection, page, filter, act, still }) {
	const whole = page.items.length > 0 && page.items.every((item) => selection.seqs.has(item.seq));
	const unknown = selection.all ? /state:\S*unknown/.test(filter)
		: page.items.some((item) => item.state === 'unknown' && selection.seqs.has(item.seq));
	if (useReadOnly())
		return null;
	return html`<div class="selection ${selection.any ? 'is-active' : ''}" role="toolbar" aria-label=${t('selection')}>
		<span aria-live="polite">${selection.all ? (filter ? t('selection.all_matching') : t('selection.all'))
			: selection.seqs.size ? t('selection.some', { n: selection.seqs.size }) : html`<span class="muted">${t('selection.none')}</span>`}</span>
		${whole && !selection.all && html`<button type="button" class="text-button" onClick=${selection.chooseAll}>
			${filter ? t('selection.choose_all') : t('selection.choose_everything')}</button>`}
		${selection.any && html`<button type="button" class="text-button" onClick=${selection.clear}>${t('selection.clear')}</button>`}
		<span class="selection-actions">
			${!still && html`<button type="button" class="button is-small" disabled=${!selection.any} onClick=${() => act('retry')}><${Icon} name="retry" />${t('item.retry')}</button>`}
			<button type="button" class="button is-small" disabled=${!selection.any} onClick=${() => act('skip')}><${Icon} name="skip" />${t('item.skip')}</button>
			${unknown && html`<button type="button" class="button is-small" onClick=${() => act('resolve', 'done')}><${Icon} name="check" />${t('item.resolve.as_done')}</button>
			<button type="button" class="button is-small" onClick=${() => act('resolve', 'failed')}><${Icon} name="close" />${t('item.resolve.as_failed')}</button>`}
		</span></div>`;
}
