// How fast, how often again, and what counts as done.
import { html } from '../html.js';
import { t } from '../i18n.js';
import { repeatable } from '../job_draft.js';
import { Field } from './field.js';

export function NewPace({ draft, change, faults }) {
	const fault = (name) => faults[name] && t(faults[name]);
	const input = (name, attributes = {}) => (tie) => html`<input ...${tie} class="input" type="text" autocomplete="off" spellcheck=${false}
		value=${draft[name]} onInput=${(event) => change({ [name]: event.target.value })} ...${attributes} />`;
	const field = (name, options = {}, attributes = {}) => html`<${Field} id="new-${name}" label=${t('new.' + name)} fault=${fault(name)}
		...${options} control=${input(name, attributes)} />`;
	return html`<section class="panel" aria-labelledby="new-pace-title">
		<header class="panel-head"><h2 id="new-pace-title">${t('new.pace')}</h2></header>
		<div class="form">
			${field('concurrency', {}, { inputmode: 'numeric' })}
			${field('rate', { hint: t('limits.rate_help') }, { placeholder: t('limits.none') })}
			${field('retries', { hint: repeatable(draft) ? null : t('new.retries.once', { method: draft.method }) }, { inputmode: 'numeric' })}
			${field('timeout', {}, { inputmode: 'decimal' })}
			<label class="check is-wide"><input type="checkbox" checked=${draft.idempotency} onChange=${(event) => change({ idempotency: event.target.checked })} />
				<span>${t('new.idempotency')}</span></label>
			${field('canary', { hint: t('new.canary.hint') }, { inputmode: 'numeric', placeholder: t('new.canary.none') })}
			${field('halt', { hint: t('new.halt.hint') }, { inputmode: 'decimal', placeholder: t('new.halt.none') })}
			<details class="is-wide"><summary>${t('new.more')}</summary><div class="form is-inner">
				${field('ok_if', { wide: true, hint: t('new.ok_if.hint') }, { placeholder: '$.code == 0', class: 'input is-code' })}
				<${Field} id="new-extract" label=${t('new.extract')} hint=${t('new.extract.hint')} fault=${fault('extract')} wide control=${(tie) => html`<textarea ...${tie}
					class="input is-code" rows="2" spellcheck=${false} placeholder="new_id=$.data.id" value=${draft.extract}
					onInput=${(event) => change({ extract: event.target.value })}></textarea>`} />
			</div></details>
		</div>
	</section>`;
}
