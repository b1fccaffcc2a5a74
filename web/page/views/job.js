// One job: how far, how fast, what fails and why, and the handles to turn.
import { useEffect, useRef } from '../vendor/preact/standalone.module.js';
import { api } from '../api.js';
import { percent } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { Failed, Waiting } from '../parts/busy.js';
import { BadRows } from '../parts/bad_rows.js';
import { Causes } from '../parts/causes.js';
import { Charts } from '../parts/charts.js';
import { stateName } from '../parts/chip.js';
import { Failures } from '../parts/failures.js';
import { JobHead } from '../parts/job_head.js';
import { Limits } from '../parts/limits.js';
import { Events, Operations } from '../parts/log.js';
import { Progress } from '../parts/progress.js';
import { settled } from '../parts/bar.js';
import { reasonText } from '../parts/reason.js';
import { announce } from '../parts/toast.js';
import { jobPeriod, usePoll } from '../poll.js';
import { useTitle } from '../title.js';

// Tells screen readers when the state changes, not at every poll.
function useStateAnnounced(job) {
	const before = useRef(null);
	useEffect(() => {
		if (!job)
			return;
		if (before.current && before.current !== job.state)
			announce([job.name, stateName(job.state), reasonText(job)].filter(Boolean).join(', '));
		before.current = job.state;
	}, [job?.state]);
}

export function Job({ job: id }) {
	const { data: job, error, refresh } = usePoll((signal) => api.job(id, signal), jobPeriod, [id]);
	useTitle(job && `${percent(settled(job), job.total)} ${job.name}`);
	useStateAnnounced(job);
	if (error && !job)
		return html`<${Failed} error=${error} />`;
	if (!job)
		return html`<${Waiting} />`;
	return html`<${JobHead} job=${job} refresh=${refresh} />
		<${Progress} job=${job} />
		<div class="columns">
			<div class="column-main">
				<${Causes} job=${job} refresh=${refresh} />
				<${Charts} job=${job} />
				<${Failures} job=${job} />
			</div>
			<div class="column-side">
				<${Limits} job=${job} refresh=${refresh} />
				<${Operations} job=${job} />
				<${BadRows} job=${job} />
				<${Events} job=${job} />
			</div>
		</div>`;
}
