// Where we are, as the address says after #:
//   #/jobs  #/new  #/jobs/1  #/jobs/1/items?filter=…&after=…&show=responses  #/jobs/1/items/17
import { createStore } from './store.js';
import { tokenFromAddress } from './token.js';

function parse(hash) {
	const [path, search = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
	const query = Object.fromEntries(new URLSearchParams(search));
	let parts;
	try {
		parts = path.split('/').filter(Boolean).map(decodeURIComponent);
	} catch {
		return { view: 'lost', query };
	}
	const [root, job, items, seq] = parts;
	if (parts.length === 0 || (root === 'jobs' && parts.length === 1))
		return { view: 'jobs', query };
	if (root === 'new' && parts.length === 1)
		return { view: 'new', query };
	if (root !== 'jobs' || parts.length > 4 || (items !== undefined && items !== 'items'))
		return { view: 'lost', query };
	if (seq !== undefined)
		return { view: 'item', job, seq, query };
	return { view: items ? 'items' : 'job', job, query };
}

export const route = createStore(parse(location.hash));

export function routerStart() {
	route.set(parse(location.hash));
	addEventListener('hashchange', () => {
		tokenFromAddress();
		route.set(parse(location.hash));
	});
}

const job = (id) => `#/jobs/${encodeURIComponent(id)}`;

export const link = {
	jobs: (query = {}) => '#/jobs' + search(query),
	newJob: () => '#/new',
	job,
	items: (id, query = {}) => `${job(id)}/items` + search(query),
	item: (id, seq) => `${job(id)}/items/${encodeURIComponent(seq)}`,
};

function search(query) {
	const set = Object.entries(query).filter(([, value]) => value);
	return set.length ? '?' + new URLSearchParams(set) : '';
}

// replace: leave no entry in the history.
export function navigate(href, replace = false) {
	if (!replace) {
		location.hash = href;
		return;
	}
	history.replaceState(null, '', href);
	route.set(parse(location.hash));
}
