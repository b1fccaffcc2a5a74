// The filter: text that stays in the address, and a chip for each state.
import { useEffect, useMemo, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { members } from '../exact_json.js';
import { count } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { problemText } from '../problem.js';
import { link, navigate } from '../router.js';
import { DEAD, STATES } from './bar.js';
import { stateName } from './chip.js';
import { FilterInput } from './filter_input.js';
import { Icon } from './icon.js';

const FIELDS_FROM = 20; // items whose fields are offered

const STATE_TERM = /(^|\s)-?state:\S+/g;

// The filter with its state term exchanged; null: any state.
export function withState(filter, states) {
	const rest = filter.replace(STATE_TERM, ' ').replace(/\s+/g, ' ').trim();
	return [states && `state:${states}`, rest].filter(Boolean).join(' ');
}

function stateOf(filter) {
	const terms = filter.match(STATE_TERM) ?? [];
	return terms.length === 0 ? null : terms.length === 1 ? terms[0].trim().replace(/^state:/, '') : '?';
}

function StateChips({ id, job, query }) {
	const { filter = '' } = query;
	const now = stateOf(filter);
	const dead = DEAD.replace('state:', '');
	const number = (states) => job && states.split(',').reduce((sum, state) => sum + job.counts[state], 0);
	const chip = (states, name, tone) => html`<li key=${name}><a class="filter-chip ${tone}" aria-current=${now === states ? 'true' : null}
		href=${link.items(id, { ...query, after: null, focus: null, filter: withState(filter, states) })}>${name}${' '}
		${job && html`<b>${count(states ? number(states) : job.total)}</b>`}</a></li>`;
	return html`<ul class="filter-chips" aria-label=${t('filter.by_state')}>
		${chip(null, t('filter.any'), '')}
		${chip(dead, t('filter.dead'), 'state-failed')}
		${STATES.filter((state) => !job || job.counts[state] || now === state)
			.map((state) => chip(state, stateName(state), `state-${state}`))}</ul>`;
}

// What the completions are made of: causes that occur, fields of the items seen.
function useWords(id, job, items) {
	const [groups, setGroups] = useState([]);
	const dead = job ? job.counts.failed + job.counts.unknown : 0;
	useEffect(() => {
		if (dead)
			api.groups(id).then((answer) => setGroups(answer.groups), () => {});
	}, [id, dead > 0]);
	const fields = useMemo(() => [...new Set((items ?? []).slice(0, FIELDS_FROM)
		.flatMap(({ input }) => members(input)?.map(([name]) => name) ?? []))], [items?.[0]?.seq]);
	return { groups, fields };
}

export function FilterBar({ id, job, query, input, error, items }) {
	const { filter = '', show } = query;
	const [draft, setDraft] = useState(filter);
	const words = useWords(id, job, items);
	useEffect(() => setDraft(filter), [filter]);
	useEffect(() => {
		if (query.focus !== 'filter')
			return;
		input.current.select();
		navigate(link.items(id, { ...query, focus: null }), true);
	}, [query.focus]);
	const wrong = error?.status === 400;
	const go = (event) => {
		event.preventDefault();
		navigate(link.items(id, { filter: draft.trim(), show }));
	};
	return html`<div class="filter" role="search">
		<form class="filter-form" onSubmit=${go}>
			<label class="visually-hidden" for="filter">${t('filter')}</label>
			<${Icon} name="search" />
			<${FilterInput} input=${input} value=${draft} onValue=${setDraft} words=${words} wrong=${wrong} />
			<button class="button">${t('filter.apply')}</button>
		</form>
		${wrong && html`<p class="problem" role="alert">${problemText(error)}</p>`}
		<details class="filter-help small"><summary>${t('filter.help')}</summary>
			<p id="filter-help">${t('filter.help.text')}</p>
			<p><code>state:failed,unknown</code> <code>http:503</code> <code>http:5xx</code> <code>code:1001</code> <code>key:K</code> <code>seq:10-20</code> <code>text:timeout</code> <code>field.city:Beijing</code> <code>-http:404</code></p></details>
		<div class="filter-foot"><${StateChips} id=${id} job=${job} query=${query} />
			<label class="check small"><input type="checkbox" checked=${show === 'responses'}
				onChange=${(event) => navigate(link.items(id, { ...query, show: event.target.checked ? 'responses' : null }))} />
				<span>${t('items.responses')}</span></label></div>
	</div>`;
}
