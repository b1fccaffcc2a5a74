// The window's title, which says where we are.
import { useEffect } from './vendor/preact/standalone.module.js';

export function useTitle(title) {
	useEffect(() => {
		document.title = title ? `${title} · sluice` : 'sluice';
	}, [title]);
}
