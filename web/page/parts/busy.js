// What stands where an answer is still to come, or did not.
import { html } from '../html.js';
import { t } from '../i18n.js';
import { callText } from '../problem.js';

export function Waiting() {
	return html`<p class="placeholder" role="status">${t('loading')}</p>`;
}

export function Failed({ error }) {
	return html`<div class="panel placeholder"><p class="problem" role="alert">${error.status === 404
		? t('error.not_found') : callText(error)}</p>
		<p><a href="#/jobs">${t('nav.back_to_jobs')}</a></p></div>`;
}
