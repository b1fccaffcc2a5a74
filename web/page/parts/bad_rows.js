// Rows of the input that were left out, and what is wrong with them.
import { useEffect } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { useMore } from './more.js';

const SHOWN = 8;

export function BadRows({ job }) {
	const { open, limit, cut, More } = useMore(SHOWN);
	const { data, refresh } = usePoll((signal) => (job.bad_rows ? api.badRows(job.id, { limit }, signal) : { bad_rows: [] }),
		() => PERIOD_IDLE_MS, [job.id, job.bad_rows > 0]);
	useEffect(() => open && refresh(), [open]);
	const list = data?.bad_rows ?? [];
	if (!list.length)
		return null;
	return html`<section class="panel" aria-labelledby="bad-rows-title">
		<header class="panel-head"><h2 id="bad-rows-title">${t('bad_rows', { n: job.bad_rows })}</h2></header>
		<ul class="log ${open ? 'is-long' : ''}" tabindex=${open ? 0 : null}>${cut(list).map((row) => html`<li key=${row.row} class="log-row">
			<span><b>${t('bad_rows.row', { row: row.row })}</b> ${row.fault}</span>
			<code class="bad-row-raw">${row.raw}</code></li>`)}</ul>
		${More({ n: list.length, next: data.next })}
	</section>`;
}
