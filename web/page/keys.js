// Single-key shortcuts.  Each view brings its own; the newest one wins.
import { useLayoutEffect, useRef } from './vendor/preact/standalone.module.js';

const layers = [];

function typing(target) {
	return target.isContentEditable
		|| target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select');
}

addEventListener('keydown', (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
		return;
	if (typing(event.target) || document.querySelector('dialog[open]'))
		return;
	for (let i = layers.length - 1; i >= 0; i--) {
		const handler = layers[i].current[event.key];
		if (!handler)
			continue;
		event.preventDefault();
		handler(event);
		return;
	}
});

// map: {key: handler}; a key set to null or undefined is left to other layers.
export function useKeys(map) {
	const layer = useRef(map);
	layer.current = map;
	// As soon as the view stands there, not a frame later: a key typed in between
	// would be lost.
	useLayoutEffect(() => {
		layers.push(layer);
		return () => layers.splice(layers.indexOf(layer), 1);
	}, []);
}
