// Concurrency and rate, turned while it runs.
import { html, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { t } from '../i18n.js';
import { toast } from './toast.js';

const RATE = /^\s*(\d+(?:\.\d+)?)\s*\/\s*([smh])\s*$/;

// As it is typed: 50 → "50/s", 0.5 → "30/m".
export function rateText(per_s) {
	if (!per_s)
		return '';
	for (const [unit, size] of [['s', 1], ['m', 60], ['h', 3600]]) {
		const n = Math.round(per_s * size * 1e6) / 1e6;
		if (Number.isInteger(n) || unit === 'h')
			return `${n}/${unit}`;
	}
	return '';
}

function changes(draft, limits) {
	const out = {};
	if (draft.concurrency !== undefined && Number(draft.concurrency) !== limits.concurrency)
		out.concurrency = Number(draft.concurrency);
	if (draft.rate !== undefined && draft.rate.replace(/\s/g, '') !== rateText(limits.rate_per_s))
		out.rate = draft.rate.replace(/\s/g, '') || null;
	return out;
}

function faults(draft) {
	const concurrency = Number(draft.concurrency ?? 1);
	return {
		concurrency: !Number.isInteger(concurrency) || concurrency < 1 || concurrency > 100000,
		rate: Boolean(draft.rate?.trim()) && !RATE.test(draft.rate),
	};
}

export function Limits({ job, refresh }) {
	const [draft, setDraft] = useState({});
	const [problem, setProblem] = useState(null);
	const wanted = changes(draft, job.limits);
	const wrong = faults(draft);
	const ready = Object.keys(wanted).length > 0 && !wrong.concurrency && !wrong.rate;
	async function apply(event) {
		event.preventDefault();
		if (!ready)
			return;
		try {
			await api.setLimits(job.id, wanted);
			setDraft({});
			setProblem(null);
			toast(t('limits.set'));
			refresh();
		} catch (error) {
			setProblem(error.message);
		}
	}
	const edit = (name) => (event) => setDraft({ ...draft, [name]: event.target.value });
	return html`<section class="panel" aria-labelledby="limits-title">
		<header class="panel-head"><h2 id="limits-title">${t('limits')}</h2></header>
		<form class="limits" onSubmit=${apply}>
			<label for="limit-concurrency">${t('limits.concurrency')}</label>
			<input id="limit-concurrency" class="input" type="number" min="1" max="100000" inputmode="numeric" aria-invalid=${wrong.concurrency}
				value=${draft.concurrency ?? job.limits.concurrency} onInput=${edit('concurrency')} />
			<label for="limit-rate">${t('limits.rate')}</label>
			<input id="limit-rate" class="input" type="text" autocomplete="off" spellcheck=${false} placeholder=${t('limits.none')}
				aria-invalid=${wrong.rate} aria-describedby="limit-rate-help"
				value=${draft.rate ?? rateText(job.limits.rate_per_s)} onInput=${edit('rate')} />
			<p id="limit-rate-help" class="limits-help small ${wrong.rate ? 'problem' : 'muted'}">${t('limits.rate_help')}</p>
			${problem && html`<p class="limits-help problem" role="alert">${problem}</p>`}
			<div class="limits-actions"><button class="button is-primary is-small" disabled=${!ready}>${t('limits.apply')}</button></div>
		</form>
	</section>`;
}
