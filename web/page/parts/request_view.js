// A request as it is sent: the first line, headers, body; secrets are masked by
// the server.
import { html } from '../html.js';
import { t } from '../i18n.js';
import { Code } from './code.js';

export function RequestView({ request }) {
	if (!request)
		return html`<p class="muted small">${t('request.none')}</p>`;
	const { method, url, headers, body, body_base64: binary } = request;
	return html`<div class="response">
		<pre class="request-line" tabindex="0" role="group" aria-label=${t('attempt.request')}><b>${method}</b> ${url}</pre>
		${headers && html`<pre class="headers" tabindex="0" role="group" aria-label=${t('request.headers')}>${headers.trim()}</pre>`}
		${body ? html`<${Code} text=${body} label=${t('request.body')} />`
		: binary ? html`<p class="muted small">${t('response.binary')}</p><${Code} text=${binary} label=${t('request.body')} />`
		: html`<p class="muted small">${t('request.empty')}</p>`}
	</div>`;
}
