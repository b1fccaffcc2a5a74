// What the server says is wrong, in the reader's language where it is one of
// the known forms; anything else is shown as it came.
import { Unreachable } from './api.js';
import { has, t } from './i18n.js';

const EXPECTED = [
	[/^pending, running,/, 'state'], [/^a state$/, 'state'], [/^a status such as/, 'http'],
	[/^a number or range/, 'seq'], [/hexadecimal digits$/, 'group'],
];
const FORMS = [
	[/^filter: '(.*)': expected (.*)$/s, ([value, expected]) => {
		const kind = EXPECTED.find(([pattern]) => pattern.test(expected))?.[1];
		return kind && t('problem.filter.' + kind, { value });
	}],
	[/^filter: unknown term '(.*)' \((?:known: )?.*\)$/s, ([value]) => t('problem.filter.term', { value })],
	[/^filter: '(.*)': the quote does not end$/s, ([value]) => t('problem.filter.quote', { value })],
	[/^filter: longer than (\d+) bytes$/, ([n]) => t('problem.filter.long', { n: Number(n) })],
	[/^filter: more than (\d+) terms$/, ([n]) => t('problem.filter.terms', { n: Number(n) })],
	[/^(?:items are still coming in|items are coming in already|the job is running|job '.*' is taking items in)$/s, () => t('problem.importing')],
	[/^job '(.*)' has no key\b/s, () => t('problem.no_key')],
	[/^there is a job named '(.*)' already/s, ([name]) => t('problem.job_exists', { name })],
	[/^job '(.*)' is (\w+): it (?:cannot be \w+|sends nothing more)/s, ([name, state]) => t('problem.job_state', { name, state: has('state.' + state) ? t('state.' + state) : state })],
	[/^item (\d+) is in a state that is not retried\b/, ([seq]) => t('problem.item_state', { seq })],
	[/^(.*) \(\d+ rows? of this upload .*\)$/s, ([detail]) => t('problem.rows', { detail })],
	[/^item (\d+): the key '(.*)' stands twice/s, ([seq, key]) => t('problem.key_twice', { seq, key })],
	[/^this sluice is read-only\b/, () => t('problem.read_only')],
	[/^a body of at most (.*) is taken here$/, ([size]) => t('problem.large', { size })],
];

export function problemText(error) {
	if (error instanceof Unreachable)
		return t(error.changes ? 'problem.unreachable_act' : 'problem.unreachable');
	const message = error?.message ?? '';
	for (const [pattern, say] of FORMS) {
		const match = pattern.exec(message);
		const words = match && say(match.slice(1));
		if (words)
			return words;
	}
	return message;
}

// The same as a sentence of its own.  What went unanswered may well have worked.
export function callText(error) {
	const detail = problemText(error);
	return error instanceof Unreachable ? detail : t('error.call', { detail });
}
