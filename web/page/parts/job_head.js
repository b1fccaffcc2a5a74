// A job's name, state, why it stands still; pause, resume, cancel.
import { api } from '../api.js';
import { moment, relative } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { link, navigate } from '../router.js';
import { useReadOnly } from '../server.js';
import { Chip } from './chip.js';
import { Crumbs } from './crumbs.js';
import { confirmDialog } from './dialog.js';
import { exportDialog } from './export.js';
import { Icon } from './icon.js';
import { reasonText } from './reason.js';
import { attempt } from './toast.js';

const PAUSABLE = new Set(['running', 'importing']);
const RESUMABLE = new Set(['paused', 'halted']);
const OVER = new Set(['finished', 'cancelled']);

function useCommands(job, refresh) {
	const command = async (verb) => {
		await attempt(() => api.command(job.id, verb), t(`job.${verb}.done`));
		refresh();
	};
	return useReadOnly() ? {} : {
		pause: PAUSABLE.has(job.state) && (() => command('pause')),
		resume: RESUMABLE.has(job.state) && (() => command('resume')),
		cancel: !OVER.has(job.state) && (() => confirmDialog({
			title: t('job.cancel.title', { name: job.name }),
			text: t('job.cancel.text'), yes: t('job.cancel.yes'), danger: true,
			act: () => command('cancel'),
		})),
	};
}

function Reason({ job }) {
	if (!job.reason)
		return null;
	return html`<p class="reason state-${job.state}"><b>${reasonText(job)}</b>
		${job.resume_at && html`<span class="muted">${t('job.goes_on', { when: relative(job.resume_at) })}</span>`}
		${job.state_since && html`<span class="muted">${t('job.since', { when: moment(job.state_since) })}</span>`}</p>`;
}

export function JobHead({ job, refresh }) {
	const { pause, resume, cancel } = useCommands(job, refresh);
	useKeys({
		p: pause || resume || null,
		'/': () => navigate(link.items(job.id, { focus: 'filter' })),
	});
	return html`<${Crumbs} trail=${[[t('nav.jobs'), link.jobs()], [job.name]]} />
		<div class="head">
			<h1><bdi>${job.name}</bdi></h1>
			<${Chip} state=${job.state} />
			<div class="head-actions">
				<a class="button" href=${link.items(job.id)}>${t('job.items')}</a>
				<button type="button" class="button" onClick=${() => exportDialog(job)}><${Icon} name="download" />${t('export')}</button>
				${pause && html`<button type="button" class="button" onClick=${pause}><${Icon} name="pause" />${t('job.pause')}</button>`}
				${resume && html`<button type="button" class="button is-primary" onClick=${resume}><${Icon} name="play" />${t('job.resume')}</button>`}
				${cancel && html`<button type="button" class="button is-quiet-danger" onClick=${cancel}><${Icon} name="stop" />${t('job.cancel')}</button>`}
			</div>
		</div>
		<${Reason} job=${job} />`;
}
