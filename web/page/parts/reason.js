// Why a job does not run, or not faster.  The server says it in English in a
// few known forms; what is not known is shown as it came.
import { has, t } from '../i18n.js';
import { moment } from '../format.js';

const FORMS = [
	[/^by user$/, 'reason.by_user'],
	[/^\d+ until /, 'reason.throttled'],
	[/^target down\b/, 'reason.target_down'],
	[/^credentials refused$/, 'reason.credentials'],
	[/^disk full$/, 'reason.disk_full'],
	[/^import stopped: /, 'reason.import_stopped'],
	[/^rule: /, 'reason.rule'],
];

export function reasonText(job) {
	const reason = job.reason ?? '';
	const form = FORMS.find(([pattern]) => pattern.test(reason));
	const at = job.resume_at;
	const timed = Boolean(at) && form && has(form[1] + '.at');
	if (!form || !(timed || has(form[1])))
		return reason;
	// The status that the reason begins with, where it does.
	const status = /^\d*/.exec(reason)[0];
	const detail = reason.slice(reason.indexOf(': ') + 2);
	return timed ? t(form[1] + '.at', { time: moment(at), status }) : t(form[1], { detail });
}

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
