// A response, and an item's last one fetched when it comes into view.
import { useEffect, useRef, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { bytes } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useReturns } from '../poll.js';
import { problemText } from '../problem.js';
import { Code } from './code.js';

export function Response({ response }) {
	if (!response)
		return html`<p class="muted small">${t('response.none')}</p>`;
	const { headers, body, body_base64: binary, truncated } = response;
	return html`<div class="response">
		${headers && html`<details><summary>${t('response.headers')}</summary>
			<pre class="headers" tabindex="0" role="group" aria-label=${t('response.headers')}>${headers.trim()}</pre></details>`}
		${body ? html`<${Code} text=${body} label=${t('response.body')} />`
		: binary ? html`<p class="muted small">${t('response.binary')}</p><${Code} text=${binary} label=${t('response.body')} />`
		: html`<p class="muted small">${t('response.empty')}</p>`}
		${truncated && html`<p class="muted small">${t('response.truncated', { size: bytes(response.bytes) })}</p>`}
	</div>`;
}

function lastResponse(item) {
	const attempts = item.attempts_log ?? [];
	for (let i = attempts.length - 1; i >= 0; i--)
		if (attempts[i].response)
			return attempts[i].response;
	return null;
}

// Fetched once it is (nearly) seen, and again when the item was tried again or the
// server is back.
export function ResponseOf({ job, item }) {
	const element = useRef(null);
	const [state, setState] = useState({});
	const returns = useReturns();
	useEffect(() => {
		const controller = new AbortController();
		const observer = new IntersectionObserver((entries) => {
			if (!entries.some((entry) => entry.isIntersecting))
				return;
			observer.disconnect();
			api.item(job, item.seq, controller.signal)
				.then((full) => setState({ response: lastResponse(full), loaded: true }),
					(error) => controller.signal.aborted || setState({ error }));
		}, { rootMargin: '200px' });
		observer.observe(element.current);
		return () => {
			observer.disconnect();
			controller.abort();
		};
	}, [job, item.seq, item.state, item.attempts, returns]);
	return html`<div ref=${element} class="response-of">
		${state.error ? html`<p class="problem small">${problemText(state.error)}</p>`
		: state.loaded ? html`<${Response} response=${state.response} />`
		: html`<p class="muted small">${t('loading')}</p>`}
	</div>`;
}
