// Numbers, spans of time and moments, in words of the reader's language.
import { language, t } from './i18n.js';

const locale = () => (language.get() === 'zh' ? 'zh-CN' : 'en-GB');
const cache = new Map();

function formatter(kind, options) {
	const key = kind.name + locale() + JSON.stringify(options);
	if (!cache.has(key))
		cache.set(key, new kind(locale(), options));
	return cache.get(key);
}

export function count(n) {
	return formatter(Intl.NumberFormat, {}).format(n);
}

// Per second; small rates keep a digit after the point.
export function rate(n) {
	const digits = n > 0 && n < 10 ? (n < 1 ? 2 : 1) : 0;
	return formatter(Intl.NumberFormat, { maximumFractionDigits: digits }).format(n);
}

// Never rounds up to 100 or down to 0.
export function percent(part, whole) {
	if (!whole)
		return '0%';
	let value = part / whole * 100;
	if (part > 0 && part < whole)
		value = Math.min(Math.max(value, 0.1), 99.9);
	const digits = value > 0 && value < 100 ? 1 : 0;
	return formatter(Intl.NumberFormat, {
		minimumFractionDigits: digits, maximumFractionDigits: digits,
	}).format(digits ? Math.floor(value * 10) / 10 : value) + '%';
}

const STEPS = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];

// Milliseconds: "210 ms", "4.2 s", "3 min 20 s", "2 h 5 min".
export function duration(ms) {
	if (ms === null || ms === undefined)
		return '–';
	if (ms < 1000)
		return t('unit.ms', { n: Math.round(ms) });
	if (ms < 10000)
		return t('unit.s', { n: Math.round(ms / 100) / 10 });
	const total = Math.round(ms / 1000);
	const at = STEPS.findIndex(([, size]) => total >= size);
	const [unit, size] = STEPS[at];
	const first = t('unit.' + unit, { n: Math.floor(total / size) });
	const rest = at + 1 < STEPS.length && Math.floor(total % size / STEPS[at + 1][1]);
	return rest ? `${first} ${t('unit.' + STEPS[at + 1][0], { n: rest })}` : first;
}

// Seconds, for estimates: one unit less of precision than duration().
function roughly(s) {
	if (s < 10)
		return t('unit.s', { n: Math.max(1, Math.round(s)) });
	if (s < 55)
		return t('unit.s', { n: Math.round(s / 5) * 5 });
	if (s < 570)
		return t('unit.min', { n: Math.max(1, Math.round(s / 60)) });
	if (s < 3500)
		return t('unit.min', { n: Math.round(s / 300) * 5 });
	if (s < 86400)
		return duration(Math.round(s / 600) * 600000);
	return duration(Math.round(s / 3600) * 3600000);
}

// An ETA range in words; null: not known.
export function eta(range) {
	if (!range)
		return null;
	const [low, high] = [Math.min(...range), Math.max(...range)].map(roughly);
	return low === high ? t('eta.about', { time: low }) : t('eta.range', { low, high });
}

// The same without the words around it: "4 min – 5 min".
export function etaSpan(range) {
	return range && [...new Set([Math.min(...range), Math.max(...range)].map(roughly))].join(' – ');
}

const DAY_MS = 86400000;

// A moment, short: the clock today, with the date before that.
export function moment(at, dated = false) {
	const date = new Date(at);
	const today = !dated && date.toDateString() === new Date().toDateString();
	return formatter(Intl.DateTimeFormat, today
		? { hour: '2-digit', minute: '2-digit', second: '2-digit' }
		: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }).format(date);
}

export function clock(at, seconds = true) {
	return formatter(Intl.DateTimeFormat, {
		hour: '2-digit', minute: '2-digit', second: seconds ? '2-digit' : undefined,
	}).format(new Date(at));
}

export function momentInFull(at) {
	return formatter(Intl.DateTimeFormat, { dateStyle: 'long', timeStyle: 'long' })
		.format(new Date(at));
}

// "4 minutes ago", "in 2 hours".
export function relative(at) {
	const s = (new Date(at) - Date.now()) / 1000;
	const size = Math.abs(s);
	if (size < 5 && s <= 0)
		return t('time.now');
	const [unit, per] = size < 60 ? ['second', 1] : size < 3600 ? ['minute', 60]
		: size < DAY_MS / 1000 ? ['hour', 3600] : ['day', 86400];
	return formatter(Intl.RelativeTimeFormat, { numeric: 'always' })
		.format(Math.round(s / per), unit).replace(/(\d)(?=\p{Script=Han})/u, '$1 '); // as in "7 分钟"
}

export function bytes(n) {
	if (n < 1000)
		return t('unit.bytes', { n });
	const [unit, size] = n < 1e6 ? ['kB', 1e3] : ['MB', 1e6];
	return `${formatter(Intl.NumberFormat, { maximumFractionDigits: 1 }).format(n / size)} ${unit}`;
}
