// The page: the frame around every view.
import { render, useEffect, useRef } from './vendor/preact/standalone.module.js';
import { connectionLost } from './api.js';
import { html } from './html.js';
import { LANGUAGES, language, languageSet, t } from './i18n.js';
import { useKeys } from './keys.js';
import { Dialog, DialogHost, showDialog } from './parts/dialog.js';
import { Icon } from './parts/icon.js';
import { Announcer, Toasts } from './parts/toast.js';
import { link, route, routerStart } from './router.js';
import { server, serverStart } from './server.js';
import { useStore } from './store.js';
import { theme, themeToggle } from './theme.js';
import { useTitle } from './title.js';
import { session, tokenStart } from './token.js';
import { Item } from './views/item.js';
import { Items } from './views/items.js';
import { Job } from './views/job.js';
import { Jobs } from './views/jobs.js';
import { NewJob } from './views/new_job.js';
import { SignIn } from './views/sign_in.js';

const VIEWS = { jobs: Jobs, job: Job, items: Items, item: Item, new: NewJob };
const SHORTCUTS = [['/', 'filter'], ['j', 'down'], ['k', 'up'], ['Enter', 'open'], ['x', 'choose'],
	['r', 'retry'], ['e', 'edit'], ['s', 'skip'], ['c', 'curl'], ['p', 'pause'], ['n', 'new'], ['?', 'help']];

function showShortcuts() {
	showDialog((close) => html`<${Dialog} title=${t('keys')} close=${close}>
		<dl class="keys">${SHORTCUTS.map(([key, name]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${t('keys.' + name)}</dd></div>`)}</dl>
	<//>`);
}

function TopBar() {
	const dark = useStore(theme) === 'dark';
	const { label, read_only } = useStore(server);
	return html`<header class="top">
		<a class="brand" href=${link.jobs()}><svg class="brand-mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 7c3-3 6 3 9 0s6 3 9 0M3 12.500c3-3 6 3 9 0s6 3 9 0M3 18c3-3 6 3 9 0s6 3 9 0" /></svg>sluice</a>
		${label && html`<span class="top-label"><bdi>${label}</bdi></span>`}
		${read_only && html`<span class="top-note">${t('read_only')}</span>`}
		<div class="top-tools">
			<select class="select" aria-label=${t('language')} value=${language.get()} onChange=${(event) => languageSet(event.target.value)}>
				${LANGUAGES.map(([code, name]) => html`<option key=${code} value=${code} selected=${code === language.get()} lang=${code}>${name}</option>`)}</select>
			<button type="button" class="icon-button" onClick=${themeToggle} aria-label=${dark ? t('theme.to_light') : t('theme.to_dark')} title=${dark ? t('theme.to_light') : t('theme.to_dark')}><${Icon} name=${dark ? 'sun' : 'moon'} /></button>
			<button type="button" class="icon-button keys-button" onClick=${showShortcuts} aria-label=${t('keys')} title=${t('keys')}><${Icon} name="keyboard" /></button>
		</div></header>`;
}

function Lost() {
	useTitle(t('nav.lost'));
	return html`<div class="panel empty"><h1>${t('nav.lost')}</h1><p><a href=${link.jobs()}>${t('nav.back_to_jobs')}</a></p></div>`;
}

// After a move to another view: to the top, and the focus with it, unless the
// view has put it into a field of its own.
function useArrival(place, main) {
	const first = useRef(true);
	useEffect(() => {
		if (first.current) {
			first.current = false;
			return;
		}
		scrollTo(0, 0);
		if (!document.activeElement.matches('main input'))
			main.current.focus({ preventScroll: true });
	}, [place]);
}

function View() {
	const state = useStore(session);
	const where = useStore(route);
	if (state === 'asking')
		return null;
	if (state !== 'ready')
		return html`<${SignIn} refused=${state === 'refused'} />`;
	const Current = VIEWS[where.view] ?? Lost;
	return html`<${Current} key=${[where.view, where.job, where.seq].join('/')} ...${where} />`;
}

function App() {
	useStore(language);
	const lost = useStore(connectionLost);
	const where = useStore(route);
	const main = useRef(null);
	useArrival([where.view, where.job, where.seq, where.query.after].join('/'), main);
	useKeys({ '?': showShortcuts });
	return html`<a class="skip-link" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>${t('nav.skip')}</a>
		<${TopBar} />
		<div class="banner-place" role="status">${lost && html`<p class="banner"><span class="spinner"></span>${t('connection.lost')}</p>`}</div>
		<main id="main" tabindex="-1" ref=${main}><${View} /></main>
		<${DialogHost} /><${Toasts} /><${Announcer} />`;
}

tokenStart();
routerStart();
serverStart();
// What stood there since the first paint makes way for what is alive.
const root = document.getElementById('app');
root.replaceChildren();
render(html`<${App} />`, root);
