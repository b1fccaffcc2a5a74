// Rows of the input that were left out, and what is wrong with them.
import { api } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { PERIOD_IDLE_MS, usePoll } from '../poll.js';

const SHOWN = 20;

export function BadRows({ job }) {
	const { data } = usePoll((signal) => (job.bad_rows ? api.badRows(job.id, signal) : { bad_rows: [] }),
		() => PERIOD_IDLE_MS, [job.id, job.bad_rows > 0]);
	if (!data?.bad_rows.length)
		return null;
	return html`<section class="panel" aria-labelledby="bad-rows-title">
		<header class="panel-head"><h2 id="bad-rows-title">${t('bad_rows', { n: job.bad_rows })}</h2></header>
		<ul class="log">${data.bad_rows.slice(0, SHOWN).map((row) => html`<li key=${row.row} class="log-row">
			<span><b>${t('bad_rows.row', { row: row.row })}</b> ${row.fault}</span>
			<code class="bad-row-raw">${row.raw}</code></li>`)}</ul>
	</section>`;
}
