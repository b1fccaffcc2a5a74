// Concurrency and rate, turned while it runs.
import { useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { rate } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useProblem } from '../poll.js';
import { problemText } from '../problem.js';
import { useReadOnly } from '../server.js';
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

const STEPS = 1000;

// A slider over magnitudes: as much way from 1 to 10 as from 10 to 100.  The
// far right is `top`; onCommit when it is let go.
function Slider({ label, value, words, max, onInput, onCommit }) {
	const at = Math.round(Math.log(Math.max(1, Math.min(value, max))) / Math.log(max) * STEPS);
	const valueAt = (position) => {
		const exact = max ** (position / STEPS);
		const size = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 1); // two digits
		return Math.min(max, Math.max(1, Math.round(exact / size) * size));
	};
	return html`<input class="slider" type="range" min="0" max=${STEPS} value=${at} aria-label=${label} aria-valuetext=${words}
		onInput=${({ target }) => onInput(valueAt(Number(target.value)))} onChange=${({ target }) => onCommit(valueAt(Number(target.value)))} />`;
}

// A power of ten with room above what is set.
const ceiling = (n, least) => Math.max(least, 10 ** Math.ceil(Math.log10(Math.max(1, n) * 2)));

// The unit in which a rate is a number of at least 1, for the slider.
function sliderUnit(per_s) {
	return !per_s || per_s >= 1 ? ['s', 1] : per_s * 60 >= 1 ? ['m', 60] : ['h', 3600];
}

function useApply(job, refresh, setDraft) {
	const [problem, setProblem] = useProblem();
	const apply = async (wanted) => {
		try {
			await api.setLimits(job.id, wanted);
			setProblem(null);
			toast(t('limits.set'));
			await refresh();
		} catch (error) {
			setProblem(error);
		}
		setDraft({});
	};
	return [problem, apply];
}

function RateSlider({ draft, limits, setDraft, apply }) {
	const [unit, size] = sliderUnit(limits.rate_per_s);
	const max = ceiling(limits.rate_per_s * size, 100);
	const typed = RATE.exec(draft.rate ?? rateText(limits.rate_per_s));
	const now = typed ? Number(typed[1]) / { s: 1, m: 60, h: 3600 }[typed[2]] * size : max;
	const none = (n) => n >= max;
	const text = (n) => (none(n) ? '' : `${n}/${unit}`);
	return html`<${Slider} label=${t('limits.rate')} value=${now} max=${max} words=${typed ? typed[0] : t('limits.none')}
		onInput=${(n) => setDraft({ ...draft, rate: text(n) })} onCommit=${(n) => apply({ rate: text(n) || null })} />`;
}

function nowInWords({ concurrency_now: concurrency, rate_now }) {
	return rate_now ? t('limits.now_rate', { concurrency, rate: rate(rate_now) }) : t('limits.now', { concurrency });
}

export function Limits({ job, refresh }) {
	const [draft, setDraft] = useState({});
	const [problem, apply] = useApply(job, refresh, setDraft);
	const { limits } = job;
	const wanted = changes(draft, limits);
	const wrong = faults(draft);
	const ready = Object.keys(wanted).length > 0 && !wrong.concurrency && !wrong.rate;
	if (useReadOnly() || job.state === 'cancelled')
		return null;
	const edit = (name) => (event) => setDraft({ ...draft, [name]: event.target.value });
	const concurrency = draft.concurrency ?? limits.concurrency;
	const lowered = job.active && (limits.concurrency_now < limits.concurrency || (limits.rate_now > 0 && limits.rate_now < limits.rate_per_s * 0.995));
	return html`<section class="panel" aria-labelledby="limits-title">
		<header class="panel-head"><h2 id="limits-title">${t('limits')}</h2></header>
		<form class="limits" onSubmit=${(event) => { event.preventDefault(); if (ready) apply(wanted); }}>
			<label for="limit-concurrency">${t('limits.concurrency')}</label>
			<input id="limit-concurrency" class="input" type="number" min="1" max="100000" inputmode="numeric" aria-invalid=${wrong.concurrency}
				value=${concurrency} onInput=${edit('concurrency')} />
			<${Slider} label=${t('limits.concurrency')} value=${Number(concurrency) || 1} max=${ceiling(limits.concurrency, 100)} words=${String(concurrency)}
				onInput=${(n) => setDraft({ ...draft, concurrency: n })} onCommit=${(n) => apply({ concurrency: n })} />
			<label for="limit-rate">${t('limits.rate')}</label>
			<input id="limit-rate" class="input" type="text" autocomplete="off" spellcheck=${false} placeholder=${t('limits.none')}
				aria-invalid=${wrong.rate} aria-describedby="limit-rate-help"
				value=${draft.rate ?? rateText(limits.rate_per_s)} onInput=${edit('rate')} />
			<${RateSlider} draft=${draft} limits=${limits} setDraft=${setDraft} apply=${apply} />
			<p id="limit-rate-help" class="limits-help small ${wrong.rate ? 'problem' : 'muted'}">${t('limits.rate_help')}</p>
			${wrong.concurrency && html`<p class="limits-help small problem">${t('new.fault.concurrency')}</p>`}
			${lowered && html`<p class="limits-help small muted">${t(limits.bound_by === 'ramp-up' ? 'limits.ramp_up' : 'limits.adapted', { now: nowInWords(limits) })}</p>`}
			${problem && html`<p class="limits-help problem" role="alert">${problemText(problem)}</p>`}
			<div class="limits-actions"><button class="button is-primary is-small" disabled=${!ready}>${t('limits.apply')}</button></div>
		</form>
	</section>`;
}
