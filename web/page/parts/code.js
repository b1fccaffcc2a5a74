// Text from outside, as text: JSON laid out with its tokens untouched, or the
// bytes as they are.
import { useMemo, useState } from '../vendor/preact/standalone.module.js';
import { isJson, layOut } from '../exact_json.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { copyText } from './copy.js';
import { Icon } from './icon.js';

const SHOWN_MAX = 20000; // characters before "show all"

function cut(pieces, max) {
	const out = [];
	for (const [kind, text] of pieces) {
		if (max <= 0)
			break;
		out.push([kind, text.slice(0, max)]);
		max -= text.length;
	}
	return out;
}

export function Code({ text, label }) {
	const json = useMemo(() => /^\s*[[{]/.test(text) && isJson(text), [text]);
	const [raw, setRaw] = useState(false);
	const [all, setAll] = useState(false);
	const pieces = useMemo(() => (json && !raw ? layOut(text) : [['plain', text]]), [text, json, raw]);
	const long = !all && text.length > SHOWN_MAX;
	const shown = long ? cut(pieces, SHOWN_MAX) : pieces;
	return html`<div class="code">
		<div class="code-tools">
			${json && html`<button type="button" class="text-button" aria-pressed=${raw} onClick=${() => setRaw(!raw)}>${t('code.raw')}</button>`}
			<button type="button" class="icon-button" onClick=${() => copyText(text, label)} aria-label=${t('code.copy', { what: label })} title=${t('code.copy', { what: label })}><${Icon} name="copy" /></button>
		</div>
		<pre tabindex="0" role="group" aria-label=${label}><code>${shown.map(([kind, part]) =>
			(kind === 'plain' || kind === 'space' ? part : html`<span class="tok-${kind}">${part}</span>`))}</code></pre>
		${long && html`<button type="button" class="text-button" onClick=${() => setAll(true)}>${t('code.all', { n: text.length })}</button>`}
	</div>`;
}
