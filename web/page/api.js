// Calls of /api/v1.  Relative to the page, so a base path in front works.
import { liftRaw } from './exact_json.js';
import { createStore } from './store.js';
import { tokenGet, tokenRefused } from './token.js';

const BASE = new URL('api/v1/', document.baseURI);
const TIMEOUT_MS = 15000;
// Item data: kept as the exact text that came, never as numbers.
const RAW_MEMBERS = new Set(['input', 'extracted', 'original_input']);
const RAW_CHANGES = new Set(['before', 'after']);

// The server answered, but no.
export class ApiError extends Error {
	constructor(status, problem) {
		super(problem?.detail || problem?.title || `HTTP ${status}`);
		this.status = status;
	}
}

// No answer: the server is gone, restarting, or the network is.  changes: what
// was asked for may have been done all the same.
export class Unreachable extends Error {
	constructor(message, changes) {
		super(message);
		this.changes = changes;
	}
}

// True while the last call of anyone went unanswered.
export const connectionLost = createStore(false);

const GATEWAY = new Set([502, 503, 504]);

async function problemOf(response) {
	try {
		return await response.json();
	} catch {
		return null;
	}
}

// body: goes out as JSON; text: goes out as it is, of that type; file: a Blob,
// streamed, however long it takes.  blob: the answer is wanted as one.  asks:
// nothing is changed, whatever the method.
async function send(method, path, { query, body, text, type, file, blob, signal, asks = method === 'GET' }) {
	const url = new URL(path, BASE);
	for (const [name, value] of Object.entries(query ?? {}))
		if (value !== undefined && value !== null && value !== '')
			url.searchParams.set(name, value);
	const headers = { Authorization: `Bearer ${tokenGet() ?? ''}`, 'X-Sluice-Client': 'page' };
	const payload = file ?? text ?? (body === undefined ? undefined : JSON.stringify(body));
	if (payload !== undefined)
		headers['Content-Type'] = type ?? 'application/json';
	const controller = new AbortController();
	const abort = () => controller.abort();
	signal?.addEventListener('abort', abort);
	const timer = file || blob ? 0 : setTimeout(abort, TIMEOUT_MS);
	try {
		const response = await fetch(url, {
			method, headers, signal: controller.signal, cache: 'no-store',
			credentials: 'omit', redirect: 'error',
			body: payload,
		});
		if (GATEWAY.has(response.status))
			throw new Error(`HTTP ${response.status}`);
		const answer = response.ok && await (blob ? response.blob() : response.text());
		connectionLost.set(false);
		if (response.ok)
			return answer;
		if (response.status === 401)
			tokenRefused();
		throw new ApiError(response.status, await problemOf(response));
	} catch (error) {
		if (error instanceof ApiError || signal?.aborted)
			throw error;
		connectionLost.set(true);
		throw new Unreachable(error.message, !asks);
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', abort);
	}
}

async function json(method, path, options = {}) {
	const text = await send(method, path, options);
	return text ? JSON.parse(text) : {};
}

const job = (id) => `jobs/${encodeURIComponent(id)}`;
const item = (id, seq) => `${job(id)}/items/${encodeURIComponent(seq)}`;

function itemBody(input, done_too) {
	return '{' + [input !== null && `"input":${input}`, done_too && '"done_too":true'].filter(Boolean) + '}';
}

export const api = {
	jobs: (query, signal) => json('GET', 'jobs', { query, signal }),
	job: (id, signal) => json('GET', job(id), { signal }),
	groups: (id, query, signal) => json('GET', `${job(id)}/groups`, { query, signal }),
	series: (id, since, signal) => json('GET', `${job(id)}/series`, { query: { since }, signal }),
	events: (id, after, signal) => json('GET', `${job(id)}/events`, { query: { after }, signal }),
	operations: (id, query, signal) => json('GET', `${job(id)}/operations`, { query, signal }),
	operation: (id, op, signal) =>
		json('GET', `${job(id)}/operations/${encodeURIComponent(op)}`, { signal }),
	badRows: (id, query, signal) => json('GET', `${job(id)}/bad-rows`, { query, signal }),

	setLimits: (id, limits) => json('PATCH', job(id), { body: limits }),
	// verb: pause, resume, cancel, seal
	command: (id, verb) => json('POST', `${job(id)}/${verb}`, { body: {} }),
	// action: retry, skip, resolve
	act: (id, action, body) => json('POST', `${job(id)}/${action}`, { body, ...(body.dry_run && { asks: true }) }),
	// input: exact JSON text, or null to leave it as it is
	retryItem: (id, seq, { input = null, done_too = false }) =>
		json('POST', `${item(id, seq)}/retry`, { text: itemBody(input, done_too) }),
	preview: async (id, seq, input) => liftRaw(
		await send('POST', `${item(id, seq)}/preview`, { text: itemBody(input, false), asks: true }), RAW_CHANGES),
	cancelOperation: (id, op) =>
		json('POST', `${job(id)}/operations/${encodeURIComponent(op)}/cancel`, { body: {} }),

	download: (id, query) => send('GET', `${job(id)}/export`, { query, blob: true }),
	server: () => json('GET', 'server'),
	// spec: a job file as JSON text
	check: (spec, items, format, cut) => json('POST', 'check', { asks: true, text: `{"job":${spec}`
		+ (items === null ? '}' : `,"items":${JSON.stringify(items)},"format":"${format}","cut":${cut},"render":5}`) }),
	create: (spec) => json('POST', 'jobs', { query: { start: 'false' }, text: spec }),
	remove: (id) => json('DELETE', job(id)),
	upload: (id, file, query, signal) =>
		send('POST', `${job(id)}/items`, {
			query, file, type: 'application/octet-stream', signal, ...(query.dry_run && { asks: true }),
		})
			.then((text) => liftRaw(text, RAW_CHANGES)),

	// In both, item.input and item.extracted are the exact JSON text (or null).
	items: async (id, query, signal) =>
		liftRaw(await send('GET', `${job(id)}/items`, { query, signal }), RAW_MEMBERS),
	item: async (id, seq, signal) =>
		liftRaw(await send('GET', item(id, seq), { signal }), RAW_MEMBERS),
	curl: (id, seq) => send('GET', `${item(id, seq)}/curl`, {}),
};
