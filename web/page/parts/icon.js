// Line icons, drawn here so that nothing has to be fetched.
import { html } from '../html.js';

const PATHS = {
	pause: 'M6 4v12M14 4v12',
	play: 'M6 3.8v12.4L16 10z',
	stop: 'M5 5h10v10H5z',
	retry: 'M16 10a6 6 0 1 1-1.8-4.2M16 3v4h-4',
	skip: 'M4 4.5v11l7-5.5zM15 4.5v11',
	copy: 'M7 7h9v9H7zM13 4H4v9',
	next: 'M8 5l5 5-5 5',
	down: 'M5 8l5 5 5-5',
	first: 'M12 5l-5 5 5 5M5 5v10',
	sun: 'M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4',
	moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
	keyboard: 'M2 5h16v10H2zM5 8h.01M8 8h.01M11 8h.01M14 8h.01M6 12h8',
	check: 'M4 10.5l4 4 8-9',
	plus: 'M10 4v12M4 10h12',
	upload: 'M10 13V3.500M6 7l4-4 4 4M4 12v4h12v-4',
	download: 'M10 3v9.500M6 9l4 4 4-4M4 13v3h12v-3',
	edit: 'M4 16l1-4 8.500-8.500 3 3L8 15zM11.500 5.500l3 3',
	close: 'M5 5l10 10M15 5L5 15',
	search: 'M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l4 4',
};

export function Icon({ name }) {
	return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
