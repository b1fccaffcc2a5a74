// A labelled field of a form, with a hint or with what is wrong.
import { html } from '../html.js';

// control(attributes): the input; attributes tie it to its label and words.
export function Field({ id, label, hint, fault, wide, control }) {
	const words = fault ?? hint;
	return html`<div class="field ${wide ? 'is-wide' : ''}">
		<label for=${id}>${label}</label>
		${control({ id, 'aria-invalid': Boolean(fault), 'aria-describedby': words ? `${id}-words` : null })}
		${words && html`<p id="${id}-words" class="small ${fault ? 'problem' : 'muted'}">${words}</p>`}
	</div>`;
}
