// The segmented bar: items by state, and its legend.
import { count, percent } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { link } from '../router.js';
import { stateName } from './chip.js';

export const STATES = ['done', 'skipped', 'failed', 'unknown', 'waiting', 'running', 'pending'];
export const DEAD = 'state:failed,unknown'; // the filter for what waits for a person
const SETTLED = ['done', 'skipped', 'failed', 'unknown'];
const WIDTH = 1000;
const WIDTH_MIN = 7; // one failed item in ten million is still seen

export function settled(job) {
	return SETTLED.reduce((sum, state) => sum + job.counts[state], 0);
}

// [state, x, width] of what is not zero.
function segments({ counts, total }) {
	const present = STATES.filter((state) => counts[state] > 0);
	if (!total || !present.length)
		return [];
	const widths = present.map((state) => Math.max(WIDTH_MIN, counts[state] / total * WIDTH));
	const excess = widths.reduce((sum, width) => sum + width, 0) - WIDTH;
	widths[widths.indexOf(Math.max(...widths))] -= excess;
	let x = 0;
	return present.map((state, i) => {
		x += widths[i];
		return [state, x - widths[i], widths[i]];
	});
}

function inWords({ counts, total }) {
	return STATES.filter((state) => counts[state] > 0)
		.map((state) => `${stateName(state)} ${count(counts[state])}`)
		.concat(t('bar.total', { n: total })).join(', ');
}

export function Bar({ job }) {
	return html`<svg class="bar" role="img" aria-label=${inWords(job)} viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none">
		<rect class="bar-track" width=${WIDTH} height="10" />
		${segments(job).map(([state, x, width]) => html`<rect key=${state} class="fill-${state}" x=${x} width=${Math.max(0, width - 1.5)} height="10" />`)}
	</svg>`;
}

export function Legend({ job }) {
	return html`<ul class="legend">${STATES.map((state) => html`<li key=${state}>
		<a class="legend-item state-${state} ${job.counts[state] ? '' : 'is-zero'}"
			href=${link.items(job.id, { filter: `state:${state}` })}>
			<span class="legend-name">${stateName(state)}</span>${' '}
			<b>${count(job.counts[state])}</b>${' '}
			<span class="legend-share">${percent(job.counts[state], job.total)}</span>
		</a></li>`)}</ul>`;
}
