// A new job: its items, the request made of each, a look at the first ones as
// they would be sent, and go.
import { useEffect, useRef, useState } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { EMPTY_DRAFT, headOf, itemsOf, specOf } from '../job_draft.js';
import { Crumbs } from '../parts/crumbs.js';
import { Code } from '../parts/code.js';
import { confirmDialog } from '../parts/dialog.js';
import { NewItems } from '../parts/new_items.js';
import { NewPace } from '../parts/new_pace.js';
import { NewRequest } from '../parts/new_request.js';
import { RequestView } from '../parts/request_view.js';
import { useProblem, useReturns } from '../poll.js';
import { problemText } from '../problem.js';
import { link, navigate } from '../router.js';
import { useTitle } from '../title.js';

const TYPING_MS = 350;
const WATCH_MS = 700;

// Asks the server what it would make of the draft, once typing has stopped.
function useCheck(draft, spec) {
	const [state, setState] = useState({ columns: [] });
	const returns = useReturns();
	const { source, file, text, format } = draft;
	useEffect(() => {
		let stale = false;
		const show = (part) => stale || setState((old) => ({ columns: old.columns, ...part }));
		const timer = setTimeout(async () => {
			try {
				const head = await headOf(draft);
				if (head === null)
					return show({ columns: [] });
				const answer = await api.check(spec, head.text, format || 'csv', head.cut);
				show({ ...answer, columns: answer.columns ?? [] });
			} catch (error) {
				show({ error });
			}
		}, TYPING_MS);
		return () => { stale = true; clearTimeout(timer); };
	}, [spec, source, file, source === 'text' && text, format, returns]);
	return state;
}

// Made, filled, sealed, started; taken away again where that fails.
async function create(spec, draft, signal, show) {
	const job = await api.create(spec);
	const timer = setInterval(() => api.job(job.id).then(({ total }) => show(total), () => {}), WATCH_MS);
	try {
		await api.upload(job.id, itemsOf(draft), { format: draft.format }, signal);
		await api.command(job.id, 'seal');
		await api.command(job.id, 'resume');
		return job.id;
	} catch (error) {
		await api.remove(job.id).catch(() => {});
		throw error;
	} finally {
		clearInterval(timer);
	}
}

// Without these the request is not the one that is meant.
const OF_REQUEST = ['url', 'headers', 'body', 'extract'];

function Preview({ check, draft, faults, items }) {
	const [at, setAt] = useState(0);
	const requests = check.requests ?? [];
	const shown = requests[Math.min(at, requests.length - 1)];
	const broken = OF_REQUEST.find((name) => faults[name]);
	const problem = broken ? (draft[broken].trim() && `${t(broken === 'body' ? 'new.body.template' : 'new.' + broken)}: ${t(faults[broken])}`)
		: check.error ? problemText(check.error) : check.fault;
	const fits = shown && !broken && !check.error;
	return html`<section class="panel preview" aria-labelledby="preview-title">
		<header class="panel-head"><h2 id="preview-title">${t('new.preview')}</h2>
			${fits && html`<div class="segments" role="group" aria-label=${t('new.preview')}>${requests.map(({ seq }, i) => html`<button type="button"
				key=${seq} aria-pressed=${requests[i] === shown} onClick=${() => setAt(i)}>#${seq}</button>`)}</div>`}</header>
		<div class="preview-body" aria-live="polite">
			${problem && html`<p class="problem">${problem}</p>`}
			${!items ? html`<p class="muted">${t('new.preview.no_items')}</p>`
			: broken ? !problem && html`<p class="muted">${t(broken === 'url' ? 'new.preview.no_url' : 'new.preview.no_body')}</p>`
			: fits ? html`<${RequestView} request=${shown.request} />`
			: check.rows === 0 && !problem && html`<p class="muted">${t('new.preview.no_rows')}</p>`}
		</div>
	</section>`;
}

export function NewJob() {
	const [draft, setDraft] = useState(EMPTY_DRAFT);
	const [tried, setTried] = useState(false);
	const [busy, setBusy] = useState(null);
	const [failure, setFailure] = useProblem();
	const abort = useRef(null);
	const { spec, faults } = specOf(draft);
	const check = useCheck(draft, spec);
	const items = itemsOf(draft);
	const change = (part) => { setDraft((old) => ({ ...old, ...part })); setFailure(null); };
	useTitle(t('new.title'));
	useEffect(() => () => abort.current?.abort(), []);
	const sending = busy !== null;
	useEffect(() => {
		if (!sending)
			return undefined;
		const ask = (event) => event.preventDefault(); // leaving would cut the upload off
		addEventListener('beforeunload', ask);
		return () => removeEventListener('beforeunload', ask);
	}, [sending]);

	function start(event) {
		event.preventDefault();
		setTried(true);
		if (busy !== null || !items || Object.keys(faults).length || check.error)
			return setTimeout(() => document.querySelector('[aria-invalid=true]')?.focus()); // once it is marked
		if (!check.fault)
			return go();
		return confirmDialog({ title: t('new.unfit.title'), text: t('new.unfit.text', { detail: check.fault }), yes: t('new.unfit.yes'), danger: true, act: go });
	}
	async function go() {
		setBusy(0);
		abort.current = new AbortController();
		try {
			navigate(link.job(await create(spec, draft, abort.current.signal, setBusy)));
		} catch (error) {
			setFailure(error);
			setBusy(null);
		}
	}

	// Nothing is called wrong before it was touched or asked for.
	const shown = Object.fromEntries(Object.entries(faults).filter(([name]) => tried || (draft[name] && draft[name] !== EMPTY_DRAFT[name])));
	return html`<${Crumbs} trail=${[[t('nav.jobs'), link.jobs()], [t('new.title')]]} />
		<h1>${t('new.title')}</h1>
		<form class="columns is-new" onSubmit=${start} novalidate>
			<div class="column-main">
				<${NewItems} draft=${draft} change=${change} columns=${check.columns} fault=${shown.name && t(shown.name)}
					named=${Boolean(draft.name) && draft.name !== draft.file?.name.replace(/\.[^.]*$/, '')} />
				<${NewRequest} draft=${draft} change=${change} columns=${check.columns} faults=${shown} />
				<${NewPace} draft=${draft} change=${change} faults=${shown} />
			</div>
			<div class="column-side is-sticky">
				<${Preview} check=${check} draft=${draft} faults=${faults} items=${items} />
				<div class="panel go">
					${failure && html`<p class="problem" role="alert">${failure.name === 'AbortError' ? t('new.stopped') : problemText(failure)}</p>`}
					${tried && !items && html`<p class="problem" role="alert">${t('new.fault.items')}</p>`}
					${busy === null ? html`<button class="button is-primary is-large">${t('new.start')}</button>`
					: html`<p role="status"><span class="spinner"></span> ${t('new.sending', { n: busy })}</p>
						<button type="button" class="button" onClick=${() => abort.current.abort()}>${t('new.stop')}</button>`}
					<details><summary>${t('new.job_file')}</summary><${Code} text=${spec} label=${t('new.job_file')} /></details>
				</div>
			</div>
		</form>`;
}
