// The window's title, and focus on the new view's heading after a move.
import { useEffect } from './vendor/preact/standalone.module.js';

export function useTitle(title) {
	useEffect(() => {
		document.title = title ? `${title} · sluice` : 'sluice';
	}, [title]);
}
