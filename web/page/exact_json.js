// JSON whose numbers must not change: 1234567890123456789 and 0.10 are shown
// as they came.  JavaScript numbers cannot hold them, so item data is handled
// as text: cut out by a scanner, and laid out token by token.

const QUOTE = 34, BACKSLASH = 92;

// Index after the string that opens at `at`.
function stringEnd(text, at) {
	for (let i = at + 1; i < text.length; i++) {
		const c = text.charCodeAt(i);
		if (c === BACKSLASH)
			i++;
		else if (c === QUOTE)
			return i + 1;
	}
	throw new SyntaxError('unterminated string');
}

function skipBlanks(text, at) {
	while (at < text.length && ' \t\n\r'.includes(text[at]))
		at++;
	return at;
}

function scalarEnd(text, at) {
	while (at < text.length && !' \t\n\r,:]}[{"'.includes(text[at]))
		at++;
	return at;
}

// Index after the value that begins at `at`.  Not recursive: depth is hostile.
function valueEnd(text, at) {
	let depth = 0;
	let i = at;
	while (i < text.length) {
		const c = text[i];
		if (c === '"')
			i = stringEnd(text, i);
		else if (c === '{' || c === '[')
			depth++, i++;
		else if (c === '}' || c === ']')
			depth--, i++;
		else if (depth === 0)
			return scalarEnd(text, i);
		else
			i++;
		if (depth === 0)
			return i;
	}
	throw new SyntaxError('unterminated value');
}

// JSON.parse, but members of these names become strings that hold their
// value's exact text (null stays null).
export function liftRaw(text, names) {
	const pieces = [];
	let copied = 0;
	for (let i = 0; i < text.length;) {
		if (text.charCodeAt(i) !== QUOTE) {
			i++;
			continue;
		}
		const end = stringEnd(text, i);
		const name = text.slice(i + 1, end - 1);
		i = end;
		const colon = skipBlanks(text, end);
		if (text[colon] !== ':' || !names.has(name))
			continue;
		const start = skipBlanks(text, colon + 1);
		i = valueEnd(text, start);
		const raw = text.slice(start, i);
		pieces.push(text.slice(copied, start), raw === 'null' ? raw : JSON.stringify(raw));
		copied = i;
	}
	pieces.push(text.slice(copied));
	return JSON.parse(pieces.join(''));
}

export function isJson(text) {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

// Lays valid JSON out over lines.  Tokens are copied, never re-written.
// Answers [kind, text] pairs; kind: key string number word mark space.
export function layOut(text) {
	const out = [];
	let depth = 0;
	const line = () => out.push(['space', '\n' + '  '.repeat(Math.min(depth, 40))]);
	for (let i = skipBlanks(text, 0); i < text.length; i = skipBlanks(text, i)) {
		const c = text[i];
		if (c === '"') {
			const end = stringEnd(text, i);
			const kind = text[skipBlanks(text, end)] === ':' ? 'key' : 'string';
			out.push([kind, text.slice(i, end)]);
			i = end;
		} else if (c === '{' || c === '[') {
			const next = skipBlanks(text, i + 1);
			if (text[next] === '}' || text[next] === ']') {
				out.push(['mark', c + text[next]]);
				i = next + 1;
				continue;
			}
			out.push(['mark', c]);
			depth++;
			line();
			i++;
		} else if (c === '}' || c === ']') {
			depth--;
			line();
			out.push(['mark', c]);
			i++;
		} else if (c === ',') {
			out.push(['mark', c]);
			line();
			i++;
		} else if (c === ':') {
			out.push(['mark', ': ']);
			i++;
		} else {
			const end = scalarEnd(text, i);
			out.push([/[-\d]/.test(c) ? 'number' : 'word', text.slice(i, end)]);
			i = end;
		}
	}
	return out;
}

// The members of a JSON object as [name, exact text of the value] pairs; null
// where the text is no object.  The text must be valid JSON.
export function members(text) {
	let i = skipBlanks(text, 0);
	if (text[i] !== '{')
		return null;
	const out = [];
	for (i = skipBlanks(text, i + 1); text[i] !== '}'; i = skipBlanks(text, i)) {
		const end = stringEnd(text, i);
		const name = JSON.parse(text.slice(i, end));
		const start = skipBlanks(text, skipBlanks(text, end) + 1);
		i = valueEnd(text, start);
		out.push([name, text.slice(start, i)]);
		i = skipBlanks(text, i);
		if (text[i] === ',')
			i++;
	}
	return out;
}

// The other way round.
export function objectOf(pairs) {
	return '{' + pairs.map(([name, raw]) => `${JSON.stringify(name)}: ${raw}`).join(', ') + '}';
}
