// The timeline of attempts, newest first: what was sent, what came, how long
// it took, and what was waited for before the next one.
import { bytes, duration } from '../format.js';
import { html } from '../html.js';
import { has, t } from '../i18n.js';
import { className } from './causes.js';
import { Response } from './response.js';
import { Time } from './time.js';

const TONES = { done: 'done', retry: 'waiting', throttle: 'waiting', fail: 'failed', unknown: 'unknown', skip: 'skipped', pause: 'waiting' };

function decisionName(decision) {
	return has('decision.' + decision) ? t('decision.' + decision) : decision;
}

// Where the time went: connecting, waiting for the first byte, the rest.
function Timing({ attempt }) {
	const { duration_ms: total, connect_ms: connect, first_byte_ms: first } = attempt;
	if (!total)
		return null;
	const connected = Math.min(connect ?? 0, total);
	const begun = first ? Math.min(Math.max(first, connected), total) : total; // nothing came
	const parts = [['connect', 0, connected], ['wait', connected, begun], ['receive', begun, total]];
	const words = parts.filter(([, from, to]) => to > from)
		.map(([name, from, to]) => `${t('timing.' + name)} ${duration(to - from)}`).join(', ');
	return html`<div class="timing"><svg viewBox="0 0 1000 4" preserveAspectRatio="none" role="img" aria-label=${words}>
			${parts.map(([name, from, to]) => html`<rect key=${name} class="timing-${name}" x=${from / total * 1000} width=${(to - from) / total * 1000} height="4" />`)}</svg>
		<span class="muted small">${words}</span></div>`;
}

function Attempt({ attempt, open }) {
	const { class: cause, http_status: status, response, message } = attempt;
	const tone = TONES[attempt.decision] ?? 'pending';
	return html`<li class="attempt tone-${tone}">
		<header class="attempt-head">
			<h3>${t('attempt.n', { n: attempt.n })}</h3>
			<span class="chip state-${tone}">${decisionName(attempt.decision)}</span>
			<span class="attempt-status">${status || cause ? className(cause, status) : ''}</span>
			<span class="attempt-time muted small"><${Time} at=${attempt.at} /> · ${duration(attempt.duration_ms)}</span>
		</header>
		${message && html`<p class="attempt-message">${message}</p>`}
		<${Timing} attempt=${attempt} />
		${attempt.request && html`<pre class="request-line" tabindex="0" role="group" aria-label=${t('attempt.request')}>${attempt.request}</pre>`}
		<details open=${open}><summary>${t('response')}${response && html` <span class="muted">${bytes(response.bytes ?? 0)}</span>`}</summary>
			<${Response} response=${response} /></details>
		${attempt.wait_ms !== null && attempt.wait_ms >= 0 && html`<p class="attempt-wait small">${t('attempt.wait', { time: duration(attempt.wait_ms) })}
			${attempt.wait_source && html` <span class="muted">(${attempt.wait_source === 'backoff' ? t('attempt.backoff') : t('attempt.header', { name: attempt.wait_source })})</span>`}</p>`}
	</li>`;
}

export function Attempts({ item }) {
	const list = [...item.attempts_log ?? []].reverse();
	return html`<section class="panel" aria-labelledby="attempts-title">
		<header class="panel-head"><h2 id="attempts-title">${t('attempts')}</h2></header>
		${list.length ? html`<ol class="attempts">${list.map((attempt, i) => html`<${Attempt} key=${attempt.n} attempt=${attempt} open=${i === 0} />`)}</ol>`
		: html`<p class="placeholder">${t('attempts.none')}</p>`}
	</section>`;
}
