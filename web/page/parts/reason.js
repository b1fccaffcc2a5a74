// Why a job does not run, or not faster; what its log says.  The server says it
// in English in a few known forms; what is not known is shown as it came.
import { has, t } from '../i18n.js';
import { moment } from '../format.js';

// [form, text]: what the form's groups are named is put into the text.
const FORMS = [
	[/^by user$/, 'reason.by_user'],
	[/^not started$/, 'reason.not_started'],
	[/^(?<status>\d+) until (?<until>.*)$/s, 'reason.throttled'],
	[/^target down\b/, 'reason.target_down'],
	[/^credentials refused$/, 'reason.credentials'],
	[/^disk full$/, 'reason.disk_full'],
	[/^import stopped: (?<detail>.*)$/s, 'reason.import_stopped'],
	[/^rule: (?<detail>.*)$/s, 'reason.rule'],
	[/^canary: (?<done>\d+) done, (?<failed>\d+) failed, (?<unknown>\d+) unknown;/, 'reason.canary'],
	[/^(?<failed>\d+) items failed, the limit is (?<limit>\d+)$/, 'reason.failed'],
	[/^(?<failed>\d+) of (?<ended>\d+) items failed, the limit is (?<limit>\S+) %$/, 'reason.failed_percent'],
	[/^the pause is over$/, 'said.pause_over'],
	[/^(?<done>\d+) done, (?<failed>\d+) failed, (?<unknown>\d+) unknown, (?<skipped>\d+) skipped$/, 'said.finish'],
	[/^cancelled after (?<changed>\d+) of (?<matched>\d+) items(?<rest>.*)$/s, 'said.items_cancelled'],
	[/^(?<changed>\d+) of (?<matched>\d+) items(?<rest>.*)$/s, 'said.items'],
	[/^(?<n>\d+) items$/, 'said.count'],
	[/^concurrency (?<concurrency>\d+), rate (?<rate>.*), burst (?<burst>\d+)$/, 'said.limits'],
];

// What was selected, where it is not a filter.
const SELECTIONS = [
	[/^a corrected file$/, 'said.corrections'],
	[/^(?<seq>seq:\d+), edited$/, 'said.edited'],
	[/^(?<n>\d+) items by number$/, 'said.numbers'],
];

export function selectionText(text) {
	const known = SELECTIONS.find(([pattern]) => pattern.test(text));
	return known ? t(known[1], known[0].exec(text).groups) : text;
}

function said(text, at) {
	const form = FORMS.find(([pattern]) => pattern.test(text));
	if (!form)
		return text;
	const [pattern, key] = form;
	const groups = Object.entries(pattern.exec(text).groups ?? {});
	const values = { ...Object.fromEntries(groups.map(([name, value]) => [name, /^\d{4,15}$/.test(value) ? Number(value) : value])), time: at && moment(at) };
	if (values.rate === 'none')
		values.rate = t('limits.none');
	values.rest = values.rest?.replace(/^ \(([^()]*)\)/, (whole, selection) => ` (${selectionText(selection)})`);
	return at && has(key + '.at') ? t(key + '.at', values) : has(key) ? t(key, values) : text;
}

export const reasonText = (job) => said(job.reason ?? '', job.resume_at);

// The detail of an event of the log.
export const eventText = (detail) => said(detail ?? '');

// What would make it faster; null: not known.
export function boundHint(bound) {
	const key = `bound.${bound?.replace(/\W+/g, '_')}.hint`;
	return has(key) ? t(key) : null;
}

export function boundText(bound) {
	if (!bound)
		return '–';
	const key = 'bound.' + bound.replace(/\W+/g, '_');
	return has(key) ? t(key) : bound;
}
