// What the server is: its label, whether it may be changed from here.
import { api } from './api.js';
import { connectionLost } from './poll.js';
import { createStore, useStore } from './store.js';
import { session } from './token.js';

export const server = createStore({ label: null, read_only: false });

async function ask() {
	if (session.get() !== 'ready')
		return;
	try {
		server.set(await api.server());
	} catch {
		// Not reachable just now: asked again when it is.
	}
}

// Asked at the start, and again after every restart of the server.
export function serverStart() {
	session.subscribe(ask);
	connectionLost.subscribe((lost) => lost || ask());
	ask();
}

// True: nothing may be changed here, so no button that would offers itself.
export function useReadOnly() {
	return useStore(server).read_only === true;
}
