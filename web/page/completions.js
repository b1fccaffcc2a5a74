// What may stand next in a filter: names of terms, then their values.
import { STATES } from './parts/bar.js';

const NAMES = ['state', 'http', 'code', 'group', 'key', 'seq', 'text'];
const SHOWN_MAX = 8;

// A value as the filter language wants it: quoted where it holds blanks.
function quoted(text) {
	return /[\s"\\]/.test(text) || text === '' ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}

// What the job's groups of failures offer, the most frequent first, each once.
function fromGroups(groups, value, detail) {
	const seen = new Map();
	for (const group of groups) {
		const text = value(group);
		if (text && !seen.has(text))
			seen.set(text, { text: quoted(text), detail: detail?.(group) });
	}
	return [...seen.values()];
}

function valuesOf(name, { groups }) {
	switch (name) {
	case 'state':
		return STATES.map((text) => ({ text, state: text }));
	case 'http':
		return [...fromGroups(groups, (group) => group.http_status && String(group.http_status), (group) => group.message),
			{ text: '4xx' }, { text: '5xx' }];
	case 'code':
		return fromGroups(groups, (group) => group.code, (group) => group.message);
	case 'group':
		return fromGroups(groups, (group) => group.id, (group) => group.message);
	default:
		return [];
	}
}

// For the text before the caret: {from, list: [{text, detail, state, more}]};
// text goes in place of what stands from `from` to the caret; more: the term
// is not complete with it.
export function completionsFor(before, words) {
	const start = /\S*$/.exec(before).index;
	const term = before.slice(start);
	const minus = term.startsWith('-') ? 1 : 0;
	const colon = term.indexOf(':');
	if (colon < 0) {
		const typed = term.slice(minus).toLowerCase();
		const names = [...NAMES, ...words.fields.filter((name) => /^[\w.-]+$/.test(name)).map((name) => `field.${name}`)];
		const list = names.filter((name) => name.toLowerCase().startsWith(typed)
			|| (typed && name.toLowerCase().startsWith(`field.${typed}`)))
			.map((name) => ({ text: `${name}:`, name, more: true }));
		return { from: start + minus, list: typed ? list.slice(0, SHOWN_MAX) : list };
	}
	const comma = term.lastIndexOf(',');
	const from = Math.max(colon, comma) + 1;
	const typed = term.slice(from).toLowerCase();
	const list = valuesOf(term.slice(minus, colon), words)
		.filter(({ text }) => text.toLowerCase().startsWith(typed) && text.toLowerCase() !== typed);
	return { from: start + from, list: list.slice(0, SHOWN_MAX) };
}
