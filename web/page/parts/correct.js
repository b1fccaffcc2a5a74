// A corrected file: matched by key, its differences shown before anything is
// changed; then the changed items are tried again.
import { useEffect, useRef, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { count } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { formatGuess } from '../job_draft.js';
import { useProblem, useReturns } from '../poll.js';
import { problemText } from '../problem.js';
import { link } from '../router.js';
import { DEAD } from './bar.js';
import { Dialog, showDialog } from './dialog.js';
import { download } from './export.js';
import { Changes } from './item_edit.js';
import { FileDrop } from './new_items.js';
import { attempt, toast } from './toast.js';

export function correctDialog(options) {
	showDialog((close) => html`<${Correct} ...${options} close=${close} />`);
}

// Known reasons; others as they came.
const WHYS = [[/^no item has this key$/, 'correct.why.key'], [/^the item is (\w+)$/, 'correct.why.state']];

function whyText(why) {
	const known = WHYS.find(([pattern]) => pattern.test(why));
	return known ? t(known[1], { state: t('state.' + (known[0].exec(why)[1] ?? 'done')) }) : why;
}

function Summary({ job, answer }) {
	const { rows, changed, unknown, unchanged, not_found: missing, not_failed: over, unfit, diffs, misses } = answer;
	return html`<dl class="counts">${[['rows', rows], ['changed', changed], ['unchanged', unchanged], ['missing', missing], ['over', over], ['unfit', unfit]].filter(([name, n]) => n || name !== 'unfit')
		.map(([name, n]) => html`<div key=${name}><dt>${t('correct.' + name)}</dt><dd>${count(n)}</dd></div>`)}</dl>
		${unknown > 0 && html`<p class="problem">${t('bulk.retry.unknown', { n: unknown })}</p>`}
		${diffs.length > 0 && html`<section><h3>${t('correct.diffs')}</h3><ul class="diffs" tabindex="0">${diffs.map(({ seq, key, changes }) => html`<li key=${seq}>
			<a href=${link.item(job.id, seq)} target="_blank" rel="noopener">#${seq}</a> <bdi class="muted">${key}</bdi><${Changes} changes=${changes} /></li>`)}</ul>
			${changed > diffs.length && html`<p class="muted small">${t('correct.more', { n: changed - diffs.length })}</p>`}</section>`}
		${misses.length > 0 && html`<section><h3>${t('correct.misses')}</h3><ul class="diffs is-short" tabindex="0">${misses.map(({ row, key, why }) => html`<li key=${row}>
			${t('bad_rows.row', { row })} <bdi>${key}</bdi> <span class="muted">${whyText(why)}</span></li>`)}</ul></section>`}`;
}

function Correct({ job, done, close }) {
	const [file, setFile] = useState(null);
	const [answer, setAnswer] = useState(null);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useProblem();
	const returns = useReturns();
	const abort = useRef(new AbortController());
	useEffect(() => () => abort.current.abort(), []);
	useEffect(() => { file && !busy && take(file); }, [returns]);

	async function send(from, dry) {
		setBusy(true);
		setProblem(null);
		try {
			const format = formatGuess(from.name, await from.slice(0, 4096).text());
			const query = { format, mode: 'correct', dry_run: dry ? 'true' : null };
			return await api.upload(job.id, from, query, abort.current.signal);
		} catch (error) {
			setProblem(error);
			return null;
		} finally {
			setBusy(false);
		}
	}
	async function take(chosen) {
		setFile(chosen);
		setAnswer(null);
		setAnswer(await send(chosen, true));
	}
	async function go() {
		const ended = await send(file, false);
		if (!ended)
			return;
		toast(t('correct.result', { n: ended.changed }));
		close();
		done();
	}
	const ready = answer?.changed > 0 && !busy;
	return html`<${Dialog} title=${t('correct')} close=${close} wide actions=${html`
		<span class="muted small dialog-note">${t('edit.kept')}</span>
		<button type="button" class="button" onClick=${close}>${t('dialog.back')}</button>
		<button type="button" class="button is-primary" disabled=${!ready} onClick=${go}>${t('correct.yes', { n: answer?.changed ?? 0 })}</button>`}>
		<p>${t('correct.text')}
			<button type="button" class="text-button" onClick=${() => attempt(() => download(job, 'csv', DEAD))}>${t('correct.download')}</button></p>
		<${FileDrop} file=${file} onFile=${take} id="correct-file" />
		<div class="stack" aria-live="polite">
			${busy && html`<p class="muted"><span class="spinner"></span> ${t('correct.comparing')}</p>`}
			${problem && html`<p class="problem">${problemText(problem)}</p>`}
			${answer && html`<${Summary} job=${job} answer=${answer} />`}
		</div>
	<//>`;
}
