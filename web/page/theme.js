// Dark and light: what a person chose, else what the system says.
import { createStore } from './store.js';

const KEY = 'sluice.theme';
export const theme = createStore(document.documentElement.dataset.theme);
addEventListener('sluice-theme', ({ detail }) => theme.set(detail));

export function themeToggle() {
	localStorage.setItem(KEY, theme.get() === 'dark' ? 'light' : 'dark');
	dispatchEvent(new Event('sluice-theme-wanted'));
}

// The value of a colour of the style sheet, for canvases.
export function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
