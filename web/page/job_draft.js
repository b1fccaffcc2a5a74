// A new job as it is filled in → a job file.  JSON that is typed goes into the
// file as it stands: 1234567890123456789 and 0.10 stay so.
import { isJson } from './exact_json.js';

export const METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE', 'HEAD'];
export const FORMATS = ['csv', 'ndjson', 'json', 'lines'];
export const BODIES = ['item', 'json', 'text', 'form', 'none'];
const HEAD_BYTES = 65536; // of the items, for the preview
const RATE = /^\d+(\.\d+)?\/[smh]$/;
const PLACEHOLDER = 'http://localhost/';

export const EMPTY_DRAFT = {
	name: '', source: 'file', file: null, text: '', format: '', key: '',
	method: 'POST', url: '', headers: '', body_kind: 'item', body: '',
	concurrency: '16', rate: '', retries: '5', timeout: '30', ok_if: '', extract: '', idempotency: false, canary: '', halt: '',
};

// A retry of these may do them twice: without a key only what surely was not
// carried out is sent again.
export function repeatable({ method, idempotency }) {
	return idempotency || (method !== 'POST' && method !== 'PATCH');
}

export function takesBody({ method }) {
	return method !== 'GET' && method !== 'HEAD';
}

// By the file's name, else by how the text begins.
export function formatGuess(name, head) {
	const ending = /\.(csv|ndjson|jsonl|json|txt)$/i.exec(name ?? '')?.[1].toLowerCase();
	if (ending === 'json')
		return /^\s*\[/.test(head) ? 'json' : 'ndjson';
	if (ending)
		return { csv: 'csv', ndjson: 'ndjson', jsonl: 'ndjson', txt: 'lines' }[ending];
	return /^\s*\[/.test(head) ? 'json' : /^\s*\{/.test(head) ? 'ndjson' : 'csv';
}

// Rows as a spreadsheet puts them on the clipboard, as CSV; other text as it is.
export function csvOfTabs(text) {
	const head = text.split('\n', 1)[0];
	if (!head.includes('\t') || head.includes(',') || /^\s*[[{]/.test(text))
		return text;
	const cells = /("(?:[^"]|"")*"|[^\t\n]*)(\t|\r?\n|$)/g;
	return text.replace(/\r\n/g, '\n').replace(cells, (whole, cell, end) => {
		const bare = !/^"(?:[^"]|"")*"$/.test(cell) && /[",]/.test(cell);
		return (bare ? `"${cell.replaceAll('"', '""')}"` : cell) + (end === '\t' ? ',' : end);
	});
}

export function itemsOf(draft) {
	return draft.source === 'file' ? draft.file : draft.text.trim() ? new Blob([draft.text]) : null;
}

// The first rows as text, and whether there are more; null: no items chosen yet.
export async function headOf(draft) {
	const items = itemsOf(draft);
	return items && { text: await items.slice(0, HEAD_BYTES).text(), cut: items.size > HEAD_BYTES };
}

// "Name: value" lines → [[name, value], …]; null where a line is none.
function pairsOf(text, mark) {
	const out = [];
	for (const line of text.split('\n').map((one) => one.trim()).filter(Boolean)) {
		const at = line.indexOf(mark);
		if (at < 1)
			return null;
		out.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
	}
	return out;
}

const map = (pairs) => JSON.stringify(Object.fromEntries(pairs));

// {spec: job file as text, faults: {field: key of a text}}; draft: for the
// columns alone, when there is no URL yet.
export function specOf(draft) {
	const faults = {};
	const headers = pairsOf(draft.headers, ':');
	const extract = pairsOf(draft.extract, '=');
	const form = draft.body_kind === 'form' ? pairsOf(draft.body, '=') : [];
	const rate = draft.rate.replace(/\s/g, '');
	const whole = (text, min, max) => /^\d+$/.test(text.trim()) && Number(text) >= min && Number(text) <= max;
	const fault = (field, wrong) => wrong && (faults[field] = 'new.fault.' + field);
	fault('name', !draft.name.trim() || /^\d+$|\/|\p{C}/u.test(draft.name.trim()));
	fault('url', !/^https?:\/\/./.test(draft.url.trim()));
	fault('headers', !headers);
	fault('extract', !extract);
	fault('rate', rate && !RATE.test(rate));
	fault('concurrency', !whole(draft.concurrency, 1, 100000));
	fault('retries', !whole(draft.retries, 0, 1000));
	fault('canary', draft.canary.trim() && !whole(draft.canary, 1, 1e12));
	fault('halt', draft.halt.trim() && !(Number(draft.halt) > 0 && Number(draft.halt) <= 100));
	fault('timeout', !(Number(draft.timeout) > 0 && Number(draft.timeout) <= 86400));
	const bodied = takesBody(draft);
	if (bodied && draft.body_kind === 'json')
		fault('body', !isJson(draft.body));
	if (bodied && draft.body_kind === 'form')
		fault('body', !form);
	const body = !bodied || faults.body ? null : {
		json: `"json": ${draft.body}`, text: `"body": ${JSON.stringify(draft.body)}`,
		form: `"form": ${map(form ?? [])}`, none: '"body": ""', item: null,
	}[draft.body_kind];
	const request = [
		`"method": "${draft.method}"`,
		`"url": ${JSON.stringify(faults.url ? PLACEHOLDER : draft.url.trim())}`,
		headers?.length && `"headers": ${map(headers)}`, body,
		Number(draft.timeout) !== 30 && !faults.timeout && `"timeout_s": ${Number(draft.timeout)}`,
	].filter(Boolean).join(', ');
	const limits = [
		!faults.concurrency && `"concurrency": ${Number(draft.concurrency)}`,
		rate && !faults.rate && `"rate": "${rate}"`,
	].filter(Boolean).join(', ');
	const spec = '{' + [
		`"name": ${JSON.stringify(faults.name ? 'new' : draft.name.trim())}`,
		draft.key && `"key": ${JSON.stringify(draft.key)}`,
		`"request": {${request}}`,
		draft.idempotency && '"idempotency": true',
		draft.ok_if.trim() && `"ok_if": ${JSON.stringify(draft.ok_if.trim())}`,
		extract?.length && `"extract": ${map(extract)}`,
		limits && `"limits": {${limits}}`,
		!faults.retries && Number(draft.retries) !== 5 && `"retry": {"max": ${Number(draft.retries)}}`,
		draft.canary.trim() && !faults.canary && `"canary": ${Number(draft.canary)}`,
		draft.halt.trim() && !faults.halt && `"halt": {"failed_percent": ${Number(draft.halt)}}`,
	].filter(Boolean).join(', ') + '}';
	return { spec, faults };
}
