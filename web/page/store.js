// Small observable values, for what several views share.
import { useEffect, useState } from './vendor/preact/standalone.module.js';

export function createStore(initial) {
	let value = initial;
	const listeners = new Set();
	return {
		get: () => value,
		set(next) {
			if (Object.is(next, value))
				return;
			value = next;
			for (const listener of [...listeners])
				listener(value);
		},
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
}

// Renders again whenever the store changes.
export function useStore(store) {
	// Values may be functions, which useState would call: hence the wrapping.
	const [value, setValue] = useState(() => store.get());
	useEffect(() => {
		const show = (next) => setValue(() => next);
		show(store.get());
		return store.subscribe(show);
	}, [store]);
	return value;
}
