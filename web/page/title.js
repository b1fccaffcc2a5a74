// The window's title, which says where we are.
import { useEffect } from './vendor/preact/standalone.module.js';
import { server } from './server.js';
import { useStore } from './store.js';
import { visible } from './visible.js';

export function useTitle(title) {
	const { label } = useStore(server);
	useEffect(() => {
		document.title = visible([title, label, 'sluice'].filter(Boolean).join(' · '));
	}, [title, label]);
}
