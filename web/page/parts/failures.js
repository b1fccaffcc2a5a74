// The first failed and unknown items, each with its cause and the response.
import { api } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { link } from '../router.js';
import { DEAD } from './bar.js';
import { Cause } from './causes.js';
import { Chip } from './chip.js';
import { ResponseOf } from './response.js';
import { Time } from './time.js';

const SHOWN = 4;

function Row({ job, item }) {
	return html`<li class="failure">
		<div class="failure-head">
			<a href=${link.item(job.id, item.seq)}>#${item.seq}${item.key && item.key !== String(item.seq) && html` <bdi>${item.key}</bdi>`}</a>
			<${Chip} state=${item.state} />
			${item.cause && html`<${Cause} cause=${item.cause} status=${item.http_status} />`}
			<span class="failure-when muted small"><${Time} at=${item.at} ago /></span>
		</div>
		<${ResponseOf} job=${job.id} item=${item} />
	</li>`;
}

export function Failures({ job }) {
	const dead = job.counts.failed + job.counts.unknown;
	const { data } = usePoll((signal) => (dead ? api.items(job.id, { filter: DEAD, limit: SHOWN }, signal) : { items: [] }),
		() => PERIOD_IDLE_MS, [job.id, dead > 0]);
	if (!dead || !data?.items.length)
		return null;
	return html`<section class="panel" aria-labelledby="failures-title">
		<header class="panel-head"><h2 id="failures-title">${t('failures')}</h2>
			<a href=${link.items(job.id, { filter: DEAD, show: 'responses' })}>${t('failures.all', { n: dead })}</a></header>
		<ul class="failure-list">${data.items.map((item) => html`<${Row} key=${item.seq} job=${job} item=${item} />`)}</ul>
	</section>`;
}
