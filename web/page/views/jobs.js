// All jobs, newest first.
import { useRef } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { count, etaSpan, percent, rate } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { Bar, settled } from '../parts/bar.js';
import { Failed, Waiting } from '../parts/busy.js';
import { Chip } from '../parts/chip.js';
import { Icon } from '../parts/icon.js';
import { reasonText } from '../parts/reason.js';
import { Time } from '../parts/time.js';
import { jobPeriod, PERIOD_IDLE_MS, usePoll } from '../poll.js';
import { link, navigate } from '../router.js';
import { useReadOnly } from '../server.js';
import { useTitle } from '../title.js';

// idle: says nothing, left out on a phone.
function Figure({ label, idle, children }) {
	return html`<div class="figure ${idle ? 'is-idle' : ''}"><dt>${label}</dt><dd>${children}</dd></div>`;
}

function JobRow({ job }) {
	const { counts } = job;
	const dead = counts.failed + counts.unknown;
	return html`<li class="job-row">
		<div class="job-row-head">
			<a class="job-row-name" href=${link.job(job.id)}><bdi>${job.name}</bdi></a>
			<${Chip} state=${job.state} />
			${job.reason && html`<span class="job-row-reason muted">${reasonText(job)}</span>`}
			<span class="job-row-percent">${percent(settled(job), job.total)}</span>
		</div>
		<${Bar} job=${job} />
		<dl class="figures">
			<${Figure} label=${t('state.done')}>${count(counts.done)}<//>
			<${Figure} label=${t('jobs.failed')}>${dead ? html`<a class="is-bad" href=${link.items(job.id, { filter: 'state:failed,unknown', show: 'responses' })}>${count(dead)}</a>` : '0'}<//>
			<${Figure} label=${t('state.waiting')} idle=${!counts.waiting}>${count(counts.waiting)}<//>
			<${Figure} label=${t('jobs.total')}>${count(job.total)}<//>
			<${Figure} label=${t('rate')} idle=${!job.active}>${job.active ? t('per_second', { rate: rate(job.rate_per_s) }) : '–'}<//>
			<${Figure} label=${t('eta')} idle=${!job.active}>${(job.active && etaSpan(job.eta_s)) || '–'}<//>
			<${Figure} label=${job.finished_at ? t('finished_at') : t('started_at')}><${Time} at=${job.finished_at ?? job.started_at} ago /><//>
		</dl>
	</li>`;
}

function Empty({ read_only }) {
	return html`<div class="panel empty">
		<h2>${t('jobs.empty.title')}</h2>
		<p>${t('jobs.empty.text')}</p>
		<pre class="command" tabindex="0"><code>sluice run https://api.example.com/users/{{user_id}} -i users.csv</code></pre>
		${!read_only && html`<p>${t('jobs.empty.or')} <a href=${link.newJob()}>${t('jobs.empty.here')}</a></p>`}
	</div>`;
}

// Moves the focus along the list.
function step(list, by) {
	const links = [...list.querySelectorAll('.job-row-name')];
	const at = links.indexOf(document.activeElement);
	links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

export function Jobs({ query }) {
	const list = useRef(null);
	const read_only = useReadOnly();
	const before = query.before;
	const { data, error } = usePoll((signal) => api.jobs({ before, limit: 50 }, signal),
		({ jobs }) => Math.min(PERIOD_IDLE_MS, ...jobs.map(jobPeriod)), [before]);
	useTitle(t('nav.jobs'));
	useKeys({
		j: () => list.current && step(list.current, 1),
		k: () => list.current && step(list.current, -1),
		n: read_only ? null : () => navigate(link.newJob()),
	});
	if (error)
		return html`<${Failed} error=${error} />`;
	if (!data)
		return html`<${Waiting} />`;
	return html`<div class="head"><h1>${t('nav.jobs')}</h1>
			${!read_only && html`<div class="head-actions"><a class="button is-primary" href=${link.newJob()}><${Icon} name="plus" />${t('jobs.new')}</a></div>`}</div>
		${data.jobs.length === 0 && !before ? html`<${Empty} read_only=${read_only} />`
		: html`<ul class="job-list panel" ref=${list}>${data.jobs.map((job) => html`<${JobRow} key=${job.id} job=${job} />`)}</ul>`}
		${(before || data.next) && html`<nav class="pager" aria-label=${t('items.pages')}>
			<button type="button" class="button" disabled=${!before} onClick=${() => navigate(link.jobs())}>${t('items.first')}</button>
			<button type="button" class="button" disabled=${!data.next} onClick=${() => navigate(link.jobs({ before: data.next }))}>${t('items.next')}</button>
		</nav>`}`;
}
