// The page's html: what stands in an element can be seen.  Text from outside comes
// in at so many places that none of them could be trusted to remember it.  What
// is copied, edited or downloaded never comes through here.
import { h, html as plain } from './vendor/preact/standalone.module.js';
import { pieces, visible } from './visible.js';

const EXACT = new Set(['textarea']);
const TEXT_ONLY = new Set(['option', 'title']);
const SAID = ['aria-label', 'aria-valuetext', 'title', 'placeholder'];
const MARKED_MAX = 2000; // a body of nothing else would be an element each
const done = new WeakSet(); // htm keeps what never changes, and hands it out again

function shownText(text, text_only) {
	const parts = pieces(text);
	return !parts ? text : text_only || parts.length > MARKED_MAX ? parts.join('')
		: parts.map((part, i) => (i % 2 ? h('span', { class: 'unseen' }, part) : part));
}

function shown(node, text_only) {
	if (typeof node === 'string')
		return shownText(node, text_only);
	if (Array.isArray(node))
		return node.map((one) => shown(one, text_only));
	if (!node?.props || done.has(node))
		return node;
	done.add(node);
	const { type, props } = node;
	if (EXACT.has(type))
		return node;
	if (props.children !== undefined && typeof props.children !== 'function')
		props.children = shown(props.children, TEXT_ONLY.has(type));
	for (const name of typeof type === 'string' ? SAID : [])
		if (typeof props[name] === 'string')
			props[name] = visible(props[name]);
	return node;
}

export const html = (...args) => shown(plain(...args), false);
