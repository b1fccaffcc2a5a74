// The bearer token: comes in the address once (#token=…), lives in this tab's
// session only, and is handed on to new tabs of this page that ask for it.
import { createStore } from './store.js';

const KEY = 'sluice.token';
const ASK_MS = 200;
// 'asking': a new tab waits for another one's answer · 'missing' · 'refused' · 'ready'
export const session = createStore('asking');

let token = null;
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('sluice.token') : null;

function keep(value) {
	token = value;
	sessionStorage.setItem(KEY, value);
	session.set('ready');
}

// What a person pasted: a whole link, "#token=…" or the token alone.
export function tokenUse(text) {
	const trimmed = text.trim();
	const match = /[#&?]token=([^&\s]+)/.exec(trimmed);
	let value = match ? match[1] : trimmed;
	try {
		value = decodeURIComponent(value);
	} catch {
		// A literal % in it: taken as it stands.
	}
	if (!/^[\x21-\x7e]{1,256}$/.test(value))
		return false;
	keep(value);
	return true;
}

// Takes #token=… out of the address bar; true where one was there.
export function tokenFromAddress() {
	const match = /^#token=([^&]+)&?(.*)$/.exec(location.hash);
	if (!match)
		return false;
	const rest = match[2] ? '#' + match[2] : '';
	history.replaceState(null, '', location.pathname + location.search + rest);
	return tokenUse('#token=' + match[1]);
}

export function tokenGet() {
	return token;
}

export function tokenRefused() {
	token = null;
	sessionStorage.removeItem(KEY);
	session.set('refused');
}

export function tokenStart() {
	channel?.addEventListener('message', ({ data }) => {
		if (data === 'ask' && token)
			channel.postMessage({ token });
		else if (typeof data?.token === 'string' && !token)
			tokenUse('#token=' + encodeURIComponent(data.token));
	});
	if (tokenFromAddress())
		return;
	const kept = sessionStorage.getItem(KEY);
	if (kept) {
		keep(kept);
		return;
	}
	channel?.postMessage('ask');
	setTimeout(() => {
		if (session.get() === 'asking')
			session.set('missing');
	}, channel ? ASK_MS : 0);
}
