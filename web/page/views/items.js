// The items of a job: filter, look, choose, retry or skip.
import { useEffect, useRef, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { bulkDialog, seqsInWords } from '../parts/bulk.js';
import { Failed, Waiting } from '../parts/busy.js';
import { Crumbs } from '../parts/crumbs.js';
import { FilterBar } from '../parts/filter_bar.js';
import { ItemTable, rowStep, rowToggle } from '../parts/item_table.js';
import { Pager } from '../parts/pager.js';
import { SelectionBar } from '../parts/selection_bar.js';
import { jobPeriod, usePoll } from '../poll.js';
import { link, navigate } from '../router.js';
import { useReadOnly } from '../server.js';
import { useTitle } from '../title.js';

const PAGE = 100;
const ROUNDS_MAX = 4; // a scan for something rare comes back in short pages
const PERIOD_MIN_MS = 3000;

async function loadPage(job, filter, after, signal) {
	let items = [];
	let next = after || null;
	for (let round = 0; round < ROUNDS_MAX; round++) {
		const page = await api.items(job, { filter, after: next, limit: PAGE - items.length }, signal);
		items = items.concat(page.items);
		next = page.next;
		if (!next || items.length >= PAGE)
			break;
	}
	return { items, next };
}

// What is chosen: {seqs: Set, all: null or {matched}}; emptied by a new filter.
function useSelection(job, filter) {
	const [chosen, setChosen] = useState({ seqs: new Set(), all: null });
	useEffect(() => setChosen({ seqs: new Set(), all: null }), [job, filter]);
	return {
		...chosen,
		any: chosen.all !== null || chosen.seqs.size > 0,
		set: (seqs, on) => {
			const next = new Set(chosen.seqs);
			for (const seq of seqs)
				next[on ? 'add' : 'delete'](seq);
			setChosen({ seqs: next, all: null });
		},
		chooseAll: () => setChosen({ seqs: chosen.seqs, all: true }),
		clear: () => setChosen({ seqs: new Set(), all: null }),
	};
}

// What the action is about: the choice, else the row under the cursor.
function target(selection, filter, current) {
	if (selection.all)
		return filter ? [{ filter }, t('bulk.by_filter', { filter })] : [{ all: true }, t('bulk.all')];
	const seqs = selection.seqs.size ? [...selection.seqs] : current ? [current] : [];
	return seqs.length ? [{ seqs }, seqsInWords(seqs)] : null;
}

export function Items({ job: id, query }) {
	const { filter = '', after, show } = query;
	const { data: job } = usePoll((signal) => api.job(id, signal), jobPeriod, [id]);
	const { data: page, error, refresh } = usePoll((signal) => loadPage(id, filter, after, signal),
		() => Math.max(PERIOD_MIN_MS, jobPeriod(job)), [id, filter, after]);
	const selection = useSelection(id, filter);
	const table = useRef(null);
	const input = useRef(null);
	useTitle(`${job?.name ?? id}: ${t('nav.items')}`);

	const read_only = useReadOnly();
	const still = job?.state === 'cancelled'; // nothing is sent again
	function act(action, as) {
		if (read_only || (still && action === 'retry'))
			return;
		const row = table.current?.contains(document.activeElement) && document.activeElement.closest('[data-seq]');
		const chosen = target(selection, filter, row ? row.dataset.seq : null);
		if (chosen)
			bulkDialog({ job: id, action, as, selection: chosen[0], what: chosen[1], done: () => { selection.clear(); refresh(); } });
	}
	useKeys({
		'/': () => input.current?.select(),
		j: () => rowStep(table.current, 1), k: () => rowStep(table.current, -1),
		x: () => rowToggle(table.current),
		r: () => act('retry'),
		Escape: () => selection.clear(),
	});

	return html`<${Crumbs} trail=${[[t('nav.jobs'), link.jobs()], [job?.name ?? id, link.job(id)], [t('nav.items')]]} />
		<h1>${t('nav.items')}</h1>
		<${FilterBar} id=${id} job=${job} query=${query} input=${input} error=${error} items=${page?.items} />
		${error && error.status !== 400 ? html`<${Failed} error=${error} />`
		: !page ? !error && html`<${Waiting} />`
		: html`<${SelectionBar} selection=${selection} page=${page} filter=${filter} act=${act} still=${still} />
			<${ItemTable} element=${table} job=${id} items=${page.items} selection=${selection} responses=${show === 'responses'} />
			${(page.items.length > 0 || page.next || after) && html`<${Pager} of=${`${id} ${filter}`} after=${after ?? ''} next=${page.next}
				go=${(cursor) => navigate(link.items(id, { ...query, after: cursor || null }))}>
				${page.next && page.items.length < PAGE ? t('items.searched', { seq: page.next }) : t('items.shown', { n: page.items.length })}<//>`}`}`;
}
