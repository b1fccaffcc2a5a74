// The mock's side of forms: a new job checked, made and filled; an item edited;
// a corrected file laid over the items.
import { members, objectOf } from '../../web/page/exact_json.js';
import { Job } from './mock_jobs.mjs';

export class Problem extends Error {
	constructor(status, detail) {
		super(detail);
		this.status = status;
	}
}

// Enough of CSV for the tests: quotes, but no line ends inside them.
function csvRows(text) {
	const [head, ...lines] = text.replace(/\r/g, '').split('\n').filter(Boolean);
	const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, line.split(',').length)
		.map(([, cell]) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
	const names = cells(head ?? '');
	return lines.map((line) => objectOf(cells(line).slice(0, names.length).map((cell, i) => [names[i], JSON.stringify(cell)])));
}

export function rowsOf(text, format) {
	if (format === 'csv')
		return csvRows(text);
	if (format === 'json')
		return JSON.parse(text).map((row) => JSON.stringify(row));
	return text.split('\n').filter(Boolean).map((line) => (format === 'lines' ? objectOf([['line', JSON.stringify(line)]]) : line));
}

const plain = (raw) => (raw.startsWith('"') ? JSON.parse(raw) : raw);

function render(spec, input, seq) {
	const fields = Object.fromEntries(members(input));
	const fill = (text, within) => text.replace(/\{\{([^}:|]+)(:json)?\}\}/g, (whole, name) => {
		if (name === '$seq')
			return String(seq);
		if (!(name in fields))
			throw new Problem(400, `request.url: no field '${name}'`);
		return within === 'url' ? encodeURIComponent(plain(fields[name])) : plain(fields[name]);
	});
	const { method = 'GET', url, headers = {}, json, body } = spec.request;
	const text = json !== undefined ? fill(JSON.stringify(json)) : body !== undefined ? fill(body) : /POST|PUT|PATCH/.test(method) ? input : null;
	return {
		method, url: fill(url, 'url'), body: text, bytes: text?.length ?? 0,
		headers: Object.entries({ ...headers, 'Content-Type': 'application/json' }).map(([name, value]) => `${name}: ${/env:/.test(value) ? '***' : value}\n`).join(''),
	};
}

export function check({ job: spec, items, format, cut, render: shown = 5 }) {
	if (!spec.request?.url)
		throw new Problem(400, 'request.url: missing');
	const rows = items === undefined ? [] : rowsOf(cut ? items.replace(/[^\n]*$/, (rest) => (items.length < 65536 ? rest : '')) : items, format);
	const requests = [];
	let fault = null;
	try {
		for (const [i, row] of rows.slice(0, shown).entries())
			requests.push({ seq: String(i + 1), request: render(spec, row, i + 1) });
	} catch (error) {
		fault = `items: row ${requests.length + 1}: ${error.message}`;
	}
	return { name: spec.name, rows: rows.length, columns: rows.length ? members(rows[0]).map(([name]) => name) : [], requests, fault };
}

export function create(jobs, spec) {
	if (jobs.some((job) => job.name === spec.name))
		throw new Problem(409, `there is a job named '${spec.name}' already`);
	const job = new Job({ id: jobs.length + 1, name: spec.name, size: 0, state: 'importing', keyed: Boolean(spec.key) });
	job.spec = spec;
	if (spec.limits?.concurrency)
		job.limits.concurrency = spec.limits.concurrency;
	jobs.push(job);
	return job.progress();
}

// Items of a new job, or corrections of one that has them.
export function upload(job, text, query) {
	const rows = rowsOf(text, query.get('format') ?? 'csv');
	if (query.get('mode') === 'correct')
		return correct(job, rows, query.get('dry_run') === 'true');
	job.take(rows);
	return `{"rows":${rows.length}}`;
}

const IGNORED = new Set(['seq', 'key', 'state', 'attempts', 'http_status', 'class', 'code', 'message']);

function correct(job, rows, dry) {
	const answer = { rows: rows.length, matched: 0, changed: 0, unchanged: 0, unknown: 0, not_found: 0, not_failed: 0, unfit: 0, dry_run: dry, operation: null, misses: [] };
	const diffs = [];
	const changed = [];
	rows.forEach((row, i) => {
		const fields = Object.fromEntries(members(row));
		const key = plain(fields.key ?? fields.user_id ?? '""');
		const item = job.items.find((one) => job.key(one) === key);
		const why = !item ? 'no item has this key' : /failed|unknown|skipped/.test(item.state) ? null : `the item is ${item.state}`;
		if (why) {
			answer[item ? 'not_failed' : 'not_found']++;
			answer.misses.push({ row: String(i + 1), key, why });
			return;
		}
		answer.matched++;
		const differing = members(job.input(item)).filter(([name, raw]) => name in fields && !IGNORED.has(name) && plain(fields[name]) !== plain(raw));
		answer[differing.length ? 'changed' : 'unchanged']++;
		if (!differing.length)
			return;
		answer.unknown += item.state === 'unknown';
		changed.push([item, objectOf(members(job.input(item)).map(([name, raw]) => [name, differing.some(([one]) => one === name) ? fields[name] : raw]))]);
		diffs.push(`{"seq":"${item.seq}","key":${JSON.stringify(key)},"changes":[${differing.map(([name, raw]) => `{"field":${JSON.stringify(name)},"before":${raw},"after":${fields[name]}}`)}]}`);
	});
	if (!dry && changed.length) {
		changed.forEach(([item, input]) => job.edit(item, input));
		answer.operation = job.act('retry', { seqs: changed.map(([item]) => item.seq) }, 'page').id;
	}
	return `${JSON.stringify(answer).slice(0, -1)},"diffs":[${diffs.slice(0, 20)}]}`;
}

// Bodies whose "input" must stay exact text.
export function inputOf(text) {
	return Object.fromEntries(members(text || '{}') ?? []).input ?? null;
}

export function preview(job, item, input) {
	const before = members(job.input(item));
	const after = input === null ? before : members(input);
	if (!after)
		throw new Problem(400, 'input: must be an object');
	const [old, now] = [Object.fromEntries(before), Object.fromEntries(after)];
	const changes = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => old[name] !== now[name]);
	const request = render(job.spec, input ?? job.input(item), item.seq);
	return `{"request":${JSON.stringify(request)},"changes":[${changes.map((name) => `{"field":${JSON.stringify(name)},"before":${old[name] ?? null},"after":${now[name] ?? null}}`)}]}`;
}
