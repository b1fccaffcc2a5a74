// The field of the filter, with what may stand next in a list below it.
import { useState } from '../vendor/preact/standalone.module.js';
import { completionsFor } from '../completions.js';
import { html } from '../html.js';
import { has, t } from '../i18n.js';
import { stateName } from './chip.js';

function Option({ option, i, active, accept }) {
	const { text, name, state, detail } = option;
	const words = state ? stateName(state) : detail
		?? (has('term.' + name) ? t('term.' + name) : name?.startsWith('field.') ? t('term.field') : '');
	return html`<li id="completion-${i}" role="option" aria-selected=${active} class="completion ${state ? 'state-' + state : ''}"
		onMouseDown=${(event) => { event.preventDefault(); accept(option); }}>
		<code>${text}</code><span class="muted small">${words}</span></li>`;
}

// words: {groups, fields}; value and onValue: the text; wrong: marked as such.
export function FilterInput({ input, value, onValue, words, wrong }) {
	const [open, setOpen] = useState(false);
	const [caret, setCaret] = useState(0);
	const [active, setActive] = useState(-1);
	const { from, list } = completionsFor(value.slice(0, caret), words);
	const shown = open && list.length > 0;

	function move(event) {
		setCaret(event.target.selectionStart);
		setActive(-1);
	}
	function accept({ text, more }) {
		const end = more ? '' : ' ';
		const next = value.slice(0, from) + text + end + value.slice(caret).replace(/^\S*\s?/, '');
		const at = from + text.length + end.length;
		// At once, not with the next drawing: the next key may come before that.
		input.current.value = next;
		input.current.setSelectionRange(at, at);
		onValue(next);
		setCaret(at);
		setActive(-1);
		setOpen(Boolean(more));
	}
	function key(event) {
		if (event.isComposing)
			return;
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step) {
			event.preventDefault();
			setOpen(true);
			setActive(shown ? (active + step + list.length + (active < 0 && step < 0 ? 1 : 0)) % list.length : -1);
		} else if (event.key === 'Enter' && shown && active >= 0) {
			event.preventDefault();
			accept(list[active]);
		} else if (event.key === 'Escape') {
			event.preventDefault();
			if (shown)
				setOpen(false);
			else
				event.target.blur();
		}
	}
	return html`<span class="filter-input">
		<input id="filter" ref=${input} class="input" type="text" autocomplete="off" autocapitalize="off" spellcheck=${false}
			role="combobox" aria-expanded=${shown} aria-controls="completions" aria-autocomplete="list"
			aria-activedescendant=${shown && active >= 0 ? `completion-${active}` : null}
			placeholder="state:failed http:503 text:timeout" aria-invalid=${wrong} aria-describedby="filter-help" value=${value}
			onInput=${(event) => { onValue(event.target.value); move(event); setOpen(true); }}
			onClick=${move} onKeyUp=${(event) => /^(Arrow(Left|Right)|Home|End)$/.test(event.key) && move(event)}
			onKeyDown=${key} onBlur=${() => setOpen(false)} />
		<ul id="completions" role="listbox" aria-label=${t('filter.completions')} class="completions ${shown ? '' : 'is-hidden'}">
			${shown && list.map((option, i) => html`<${Option} key=${option.text} option=${option} i=${i} active=${i === active} accept=${accept} />`)}</ul>
	</span>`;
}
