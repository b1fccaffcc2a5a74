// Characters that nobody sees, or that change the order of what stands around
// them: with U+202E, gnp.exe reads as exe.png.  engine/base/utf8.c knows the same.
const UNSEEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\r(?!\n)/u;
const RUNS = new RegExp(`((?:${UNSEEN.source})+)`, 'u');

function escaped(character) {
	const code = character.codePointAt(0);
	return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

// [text, escape, text, escape, …, text], or null where all of it is seen.
export function pieces(text) {
	return UNSEEN.test(text) ? text.split(RUNS).map((part, i) => (i % 2 ? Array.from(part, escaped).join('') : part)) : null;
}

// Where no element can stand, as in the window's title.
export function visible(text) {
	return pieces(text)?.join('') ?? text;
}
