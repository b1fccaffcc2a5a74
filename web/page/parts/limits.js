// Concurrency and rate, turned while it runs.
import { useEffect, useRef, useState } from '../vendor/preact/standalone.module.js';
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
		rate: Boolean(draft.rate?.trim()) && !(Number(RATE.exec(draft.rate)?.[1]) > 0),
	};
}

const STEPS = 100;
const SETTLE_MS = 600; // keys move a slider step by step: only where it comes to rest counts

// A slider over magnitudes: as much way from 1 to 10 as from 10 to 100.
// onInput(n) as it moves, onCommit() when it is let go.
function Slider({ label, value, words, max, onInput, onCommit }) {
	const at = Math.round(Math.log(Math.max(1, Math.min(value, max))) / Math.log(max) * STEPS);
	const valueAt = (position) => {
		const exact = max ** (position / STEPS);
		const size = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 1); // two digits
		return Math.min(max, Math.max(1, Math.round(exact / size) * size));
	};
	// A key's step always moves it.
	const moved = (position) => {
		const next = valueAt(position);
		return next !== value || position === at ? next : Math.min(max, Math.max(1, value + Math.sign(position - at)));
	};
	return html`<input class="slider" type="range" min="0" max=${STEPS} value=${at} aria-label=${label} aria-valuetext=${words}
		onInput=${({ target }) => onInput(moved(Number(target.value)))} onChange=${onCommit} />`;
}

// A power of ten with room above what is set.
const ceiling = (n, least) => Math.max(least, 10 ** Math.ceil(Math.log10(Math.max(1, n) * 2)));

// The unit in which a rate is a number of at least 1, for the slider.
function sliderUnit(per_s) {
	return !per_s || per_s >= 1 ? ['s', 1] : per_s * 60 >= 1 ? ['m', 60] : ['h', 3600];
}

// What is typed or slid and not set yet; set(wanted) sets it, settle(name) that
// one alone, once it comes to rest.
function useDraft(job, refresh) {
	const [draft, setDraft] = useState({});
	const [problem, setProblem] = useProblem();
	const latest = useRef({ draft, limits: job.limits });
	const timer = useRef(null);
	const pending = useRef(null);
	latest.current.limits = job.limits;
	const put = (next) => setDraft(latest.current.draft = next);
	const set = async (wanted) => {
		try {
			await api.setLimits(job.id, wanted);
			setProblem(null);
			toast(t('limits.set'));
			await refresh();
		} catch (error) {
			setProblem(error);
		}
		const typed = { concurrency: (text) => Number(text), rate: (text) => text.replace(/\s/g, '') || null };
		put(Object.fromEntries(Object.entries(latest.current.draft).filter(([name, text]) => wanted[name] !== typed[name](text))));
	};
	const settle = (name) => {
		clearTimeout(timer.current);
		pending.current = () => {
			const wanted = changes(latest.current.draft, latest.current.limits);
			pending.current = null;
			if (name in wanted)
				set({ [name]: wanted[name] });
		};
		timer.current = setTimeout(() => pending.current?.(), SETTLE_MS);
	};
	useEffect(() => () => pending.current?.(), []); // another view is opened meanwhile
	return { draft, problem, set, settle, change: (part) => put({ ...latest.current.draft, ...part }) };
}

function RateSlider({ draft, limits, change, settle }) {
	const [unit, size] = sliderUnit(limits.rate_per_s);
	const max = ceiling(limits.rate_per_s * size, 100);
	const typed = RATE.exec(draft.rate ?? rateText(limits.rate_per_s));
	const now = typed ? Number(typed[1]) / { s: 1, m: 60, h: 3600 }[typed[2]] * size : max;
	const none = (n) => n >= max;
	const text = (n) => (none(n) ? '' : `${n}/${unit}`);
	return html`<${Slider} label=${t('limits.rate')} value=${now} max=${max} words=${typed ? typed[0] : t('limits.none')}
		onInput=${(n) => change({ rate: text(n) })} onCommit=${() => settle('rate')} />`;
}

function nowInWords({ concurrency_now: concurrency, rate_now }) {
	return rate_now ? t('limits.now_rate', { concurrency, rate: rate(rate_now) }) : t('limits.now', { concurrency });
}

export function Limits({ job, refresh }) {
	const { draft, problem, set, settle, change } = useDraft(job, refresh);
	const { limits } = job;
	const wanted = changes(draft, limits);
	const wrong = faults(draft);
	const ready = Object.keys(wanted).length > 0 && !wrong.concurrency && !wrong.rate;
	if (useReadOnly() || job.state === 'cancelled')
		return null;
	const edit = (name) => (event) => change({ [name]: event.target.value });
	const concurrency = draft.concurrency ?? limits.concurrency;
	const lowered = job.active && job.state !== 'paused' && (limits.concurrency_now < limits.concurrency || (limits.rate_now > 0 && limits.rate_now < limits.rate_per_s * 0.995));
	return html`<section class="panel" aria-labelledby="limits-title">
		<header class="panel-head"><h2 id="limits-title">${t('limits')}</h2></header>
		<form class="limits" onSubmit=${(event) => { event.preventDefault(); if (ready) set(wanted); }}>
			<label for="limit-concurrency">${t('limits.concurrency')}</label>
			<input id="limit-concurrency" class="input" type="number" min="1" max="100000" inputmode="numeric" aria-invalid=${wrong.concurrency}
				value=${concurrency} onInput=${edit('concurrency')} />
			<${Slider} label=${t('limits.concurrency')} value=${Number(concurrency) || 1} max=${ceiling(limits.concurrency, 100)} words=${String(concurrency)}
				onInput=${(n) => change({ concurrency: n })} onCommit=${() => settle('concurrency')} />
			<label for="limit-rate">${t('limits.rate')}</label>
			<input id="limit-rate" class="input" type="text" autocomplete="off" spellcheck=${false} placeholder=${t('limits.none')}
				aria-invalid=${wrong.rate} aria-describedby="limit-rate-help"
				value=${draft.rate ?? rateText(limits.rate_per_s)} onInput=${edit('rate')} />
			<${RateSlider} draft=${draft} limits=${limits} change=${change} settle=${settle} />
			<p id="limit-rate-help" class="limits-help small ${wrong.rate ? 'problem' : 'muted'}">${t('limits.rate_help')}</p>
			${wrong.concurrency && html`<p class="limits-help small problem">${t('new.fault.concurrency')}</p>`}
			${lowered && html`<p class="limits-help small muted">${t(limits.bound_by === 'ramp-up' ? 'limits.ramp_up' : 'limits.adapted', { now: nowInWords(limits) })}</p>`}
			${problem && html`<p class="limits-help problem" role="alert">${problemText(problem)}</p>`}
			<div class="limits-actions"><button class="button is-primary is-small" disabled=${!ready}>${t('limits.apply')}</button></div>
		</form>
	</section>`;
}
