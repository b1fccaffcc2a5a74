// Items and outcomes as a file.  Fetched with the token, then handed to the
// browser to keep: no token ever stands in an address.
import { useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useProblem } from '../poll.js';
import { problemText } from '../problem.js';
import { DEAD } from './bar.js';
import { Dialog, showDialog } from './dialog.js';

const FORMATS = ['csv', 'ndjson', 'html'];
const WHICH = { dead: DEAD, all: '', done: 'state:done' };
const REVOKE_MS = 60000;

export async function download(job, format, filter) {
	const blob = await api.download(job.id, { format, filter });
	const address = URL.createObjectURL(blob);
	const link = document.createElement('a');
	link.href = address;
	link.download = `${job.name.replace(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 80)}${filter === DEAD ? '-failed' : ''}.${format}`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(address), REVOKE_MS);
}

export function exportDialog(job) {
	showDialog((close) => html`<${Export} job=${job} close=${close} />`);
}

function Choice({ name, values, value, onValue, label }) {
	return html`<fieldset class="choices"><legend>${label}</legend>${values.map((one) => html`<label key=${one} class="check">
		<input type="radio" name=${name} checked=${value === one} onChange=${() => onValue(one)} /><span>${t(`export.${name}.${one}`)}</span></label>`)}</fieldset>`;
}

function Export({ job, close }) {
	const dead = job.counts.failed + job.counts.unknown;
	const [which, setWhich] = useState(dead ? 'dead' : 'all');
	const [format, setFormat] = useState('csv');
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useProblem();
	async function go() {
		setBusy(true);
		try {
			await download(job, format, format === 'html' ? '' : WHICH[which]);
			close();
		} catch (error) {
			setProblem(error);
			setBusy(false);
		}
	}
	return html`<${Dialog} title=${t('export')} close=${close} actions=${html`
		<button type="button" class="button" onClick=${close}>${t('dialog.back')}</button>
		<button type="button" class="button is-primary" disabled=${busy} onClick=${go}>${busy ? t('export.busy') : t('export.yes')}</button>`}>
		<${Choice} name="format" values=${FORMATS} value=${format} onValue=${setFormat} label=${t('export.format')} />
		${format !== 'html' && html`<${Choice} name="which" values=${Object.keys(WHICH)} value=${which} onValue=${setWhich} label=${t('export.which')} />
			<p class="muted small">${t('export.hint')}</p>`}
		${problem && html`<p class="problem" role="alert">${problemText(problem)}</p>`}
	<//>`;
}
