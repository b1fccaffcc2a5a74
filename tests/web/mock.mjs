// A stand-in for sluice's HTTP side: serves web/page and an API with jobs that
// move, to work on the page and to test it.  By hand: node tests/web/mock.mjs [PORT]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, create, inputOf, preview, Problem, upload } from './mock_forms.mjs';
import { demoJobs } from './mock_jobs.mjs';

const WEB = fileURLToPath(new URL('../../web/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
export const TOKEN = 'mock-token-0123456789';

async function file(path) {
	const inside = normalize(path === '/' ? '/index.html' : path);
	const folder = inside.startsWith('/vendor/') ? WEB : join(WEB, 'page');
	try {
		return { type: TYPES[extname(inside)], body: await readFile(join(folder, inside)) };
	} catch {
		throw new Problem(404, `no ${path}`);
	}
}

async function bodyOf(request) {
	let text = '';
	for await (const piece of request)
		text += piece;
	return text;
}

function listItems(job, query) {
	let items;
	try {
		items = job.filter(query.get('filter'));
	} catch (error) {
		throw new Problem(400, error.message);
	}
	const after = Number(query.get('after') ?? 0);
	const limit = Number(query.get('limit') ?? 100);
	const rest = items.filter((item) => item.seq > after);
	const next = rest.length > limit ? JSON.stringify(String(rest[limit - 1].seq)) : null;
	return `{"items":[${rest.slice(0, limit).map((item) => job.text(item))}],"next":${next}}`;
}

function onItem(job, method, seq, verb, body, text) {
	const item = job.items[seq - 1];
	if (!item)
		throw new Problem(404, `no item ${seq}`);
	if (method === 'GET' && !verb)
		return job.text(item, true);
	if (method === 'GET' && verb === 'curl')
		return `curl -X POST 'https://api.example.com/users/${seq}' -H 'Authorization: ***' --data '${job.input(item)}'`;
	if (method === 'POST' && verb === 'preview')
		return preview(job, item, inputOf(text));
	if (method === 'POST' && verb === 'retry' && inputOf(text))
		job.edit(item, inputOf(text));
	if (method === 'POST' && verb === 'retry')
		return job.act('retry', { ...body, seqs: [seq] }, 'page');
	throw new Problem(404, 'no such call');
}

function setLimits(job, body) {
	if ('concurrency' in body)
		job.limits.concurrency = body.concurrency;
	if ('rate' in body) {
		const [, n, unit] = /^(\d+)\/([smh])$/.exec(body.rate ?? '0/s') ?? [];
		job.limits.rate = Number(n) / { s: 1, m: 60, h: 3600 }[unit];
	}
	job.log('set', JSON.stringify(body), 'page');
	return job.progress();
}

function exported(job, query) {
	const items = job.filter(query.get('filter'));
	return query.get('format') === 'csv' ? `seq,key,state\n${items.map((item) => `${item.seq},${job.key(item)},${item.state}\n`).join('')}`
		: items.map((item) => `${job.text(item)}\n`).join('');
}

// The first of a listing, as many as are asked for.
function cutAt(listing, query) {
	const [[name, list]] = Object.entries(listing);
	const limit = Number(query.get('limit') ?? 100);
	return { [name]: list.slice(0, limit), next: list.length > limit ? 'more' : null };
}

function onJob(mock, job, method, [verb, seq, sub], query, body, text) {
	const get = method === 'GET' && {
		undefined: () => job.progress(),
		groups: () => cutAt({ groups: job.groups() }, query),
		series: () => ({ step_s: 1, samples: job.samples.filter((one) => one.t > Number(query.get('since') ?? 0)) }),
		events: () => ({ events: job.events.filter((one) => Number(one.id) > Number(query.get('after') ?? 0)), next: null }),
		operations: () => (seq ? job.operations[seq - 1] : cutAt({ operations: [...job.operations].reverse() }, query)),
		export: () => exported(job, query),
		'bad-rows': () => cutAt({ bad_rows: job.badRows }, query),
	}[verb];
	if (verb === 'items')
		return seq ? onItem(job, method, seq, sub, body, text) : method === 'POST' ? upload(job, text, query) : listItems(job, query);
	if (get)
		return get();
	if (verb === 'operations' && sub === 'cancel')
		return Object.assign(job.operations[seq - 1], { cancelled_at: new Date().toISOString(), finished_at: new Date().toISOString() });
	if (method === 'DELETE')
		return mock.jobs.splice(mock.jobs.indexOf(job), 1) && '';
	if (verb === 'seal')
		return job.progress();
	if (verb === 'resume' && job.state === 'importing')
		return job.start() ?? job.progress();
	if (method === 'PATCH' && !verb)
		return setLimits(job, body);
	if (/^(retry|skip|resolve)$/.test(verb))
		return job.act(verb, body, 'page');
	if (/^(pause|resume|cancel)$/.test(verb)) {
		job.command(verb, 'page');
		return job.progress();
	}
	throw new Problem(404, 'no such call');
}

function answer(mock, request, url, text) {
	const { jobs } = mock;
	const body = text && /json/.test(request.headers['content-type']) ? JSON.parse(text) : {};
	if (request.headers.authorization !== `Bearer ${TOKEN}`)
		throw new Problem(401, 'no or wrong token');
	const [, , , collection, id, ...rest] = url.pathname.split('/').map(decodeURIComponent);
	if (mock.server.read_only && request.method !== 'GET')
		throw new Problem(403, 'this sluice is read-only (--read-only): nothing is changed here');
	if (collection === 'server')
		return mock.server;
	if (collection === 'check')
		return check(body);
	if (collection !== 'jobs')
		throw new Problem(404, 'no such call');
	if (!id && request.method === 'POST')
		return create(jobs, body);
	if (!id)
		return { jobs: [...jobs].reverse().map((job) => job.progress()), next: null };
	const job = jobs.find((one) => one.id === id || one.name === id);
	if (!job)
		throw new Problem(404, `no job named '${id}'`);
	return onJob(mock, job, request.method, rest, url.searchParams, body, text);
}

async function handle(mock, request, response) {
	const url = new URL(request.url, 'http://localhost');
	const { base_path: base } = mock.server;
	if (!url.pathname.startsWith(`${base}/`)) {
		response.writeHead(404).end();
		return;
	}
	url.pathname = url.pathname.slice(base.length);
	const head = { 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' };
	mock.requests.push(`${request.method} ${url.pathname}${url.search}`);
	try {
		if (!url.pathname.startsWith('/api/')) {
			const { type, body } = await file(url.pathname);
			response.writeHead(200, { ...head, 'Content-Type': type }).end(body);
			return;
		}
		const out = answer(mock, request, url, await bodyOf(request));
		response.writeHead(200, { ...head, 'Content-Type': 'application/json' }).end(typeof out === 'string' ? out : JSON.stringify(out));
	} catch (error) {
		const status = error.status ?? 500;
		response.writeHead(status, { ...head, 'Content-Type': 'application/problem+json' })
			.end(JSON.stringify({ type: 'about:blank', title: 'Problem', status, detail: error.message }));
	}
}

// {url, jobs, requests, stop()}; jobs can be given, port 0: any.
export async function startMock({ port = 0, jobs = demoJobs(), server: about = {} } = {}) {
	const mock = { jobs, requests: [], server: { version: '0.1.0', label: null, read_only: false, base_path: '', ...about } };
	const server = createServer((request, response) => handle(mock, request, response));
	await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
	const timer = setInterval(() => mock.jobs.forEach((job) => job.tick(Date.now())), 200);
	mock.port = server.address().port;
	mock.url = `http://127.0.0.1:${mock.port}${mock.server.base_path}/`;
	mock.stop = () => {
		clearInterval(timer);
		server.closeAllConnections();
		return new Promise((resolve) => server.close(resolve));
	};
	return mock;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const mock = await startMock({ port: Number(process.argv[2] ?? 8421) });
	console.log(`${mock.url}#token=${TOKEN}`);
}
