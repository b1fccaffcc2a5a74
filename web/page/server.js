// What the server is: its label, whether it may be changed from here.
import { api, connectionLost } from './api.js';
import { createStore, useStore } from './store.js';
import { session } from './token.js';

export const server = createStore({ label: null, read_only: false });

const AGAIN_MS = 3000;

async function ask() {
	if (session.get() !== 'ready')
		return;
	try {
		server.set(await api.server());
	} catch {
		// Not reachable just now: asked again when it is.
	}
}

// Views ask on by themselves, but not all of them ask at all.
async function askAgain() {
	if (!document.hidden)
		await ask();
	if (connectionLost.get())
		setTimeout(askAgain, AGAIN_MS);
}

// Asked at the start, and again after every restart of the server.
export function serverStart() {
	session.subscribe(ask);
	connectionLost.subscribe((lost) => (lost ? setTimeout(askAgain, AGAIN_MS) : ask()));
	ask();
}

// True: nothing may be changed here, so no button that would offers itself.
export function useReadOnly() {
	return useStore(server).read_only === true;
}
