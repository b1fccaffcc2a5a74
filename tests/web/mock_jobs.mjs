// The mock's jobs: items that fail, wait and get done as time goes by.
const ISO = (ms) => (ms ? new Date(ms).toISOString().replace(/\.\d+Z/, 'Z') : null);
export const STATES = ['pending', 'running', 'waiting', 'done', 'failed', 'unknown', 'skipped'];

// Hostile text, for every field that comes from outside.
export const HOSTILE = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e\u200f\u2066\ufeff{{x}}';
// What is not seen, or reorders what stands around it: must never be shown as it is.
export const UNSEEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

const FAILURES = [
	{ group: '00000000000ab120', class: 'http', http: 404, code: null, message: 'user # not found', body: '{"error":{"message":"user 7319 not found"},"request_id":1234567890123456789,"fee":0.10}' },
	{ group: '00000000000ab121', class: 'http', http: 422, code: '1001', message: '手机号格式不正确', body: '{"code":1001,"msg":"手机号格式不正确","field":"mobile"}' },
	{ group: '00000000000ab122', class: 'timeout', http: null, code: null, message: 'no answer within 30 s', body: null },
	{ group: '00000000000ab123', class: 'rule', http: 200, code: '2003', message: 'plan … is not for sale in region …', body: '{"code":2003,"msg":"plan \\"gold\\" is not for sale in region \\"north\\"","data":null}' },
];
const UNKNOWN = { group: '00000000000ab129', class: 'broken', http: null, code: null, message: 'connection lost after the request was sent', body: null };
const CAUSES = [...FAILURES, UNKNOWN];
const causeOf = (text) => ({ group: '00000000000bad00', class: 'http', http: 500, code: text, message: text, body: `<html>${text}</html>` });

// Repeatable pseudo-random numbers in [0, 1).
function random(seed) {
	let state = seed >>> 0;
	return () => {
		state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
		return ((state ^ (state >>> 13)) >>> 0) / 4294967296;
	};
}

function trend(times) {
	const [from, to] = [Math.min(...times), Date.now()];
	const step_s = Math.max(1, Math.ceil((to - from) / 60000));
	const counts = new Array(Math.floor((to - from) / 1000 / step_s) + 1).fill(0);
	for (const at of times)
		counts[Math.max(0, Math.floor((at - from) / 1000 / step_s))]++;
	return { t: from, step_s, counts };
}

// hostile: the text that stands in every field from outside.
export class Job {
	constructor({ id, name, size, state, reason = null, live = false, hostile = null, keyed = true, settled = 0, started = 0 }) {
		const now = Date.now();
		Object.assign(this, { id: String(id), name, state, reason, live, hostile, keyed, hostileCause: hostile && causeOf(hostile) });
		this.created = now - started - 4000;
		this.started = started ? now - started : 0;
		this.finished = state === 'finished' ? now - 1000 * 60 * 38 : 0;
		this.spec = { request: { method: 'POST', url: 'https://api.example.com/users/{{user_id}}', headers: { Authorization: 'Bearer ${env:CRM_TOKEN}' } } };
		this.limits = { concurrency: 30, burst: 10, rate: 50 };
		this.operations = [];
		this.events = [];
		this.badRows = [];
		this.samples = [];
		this.attempts = this.retries = this.throttled = 0;
		this.counts = Object.fromEntries(STATES.map((one) => [one, 0]));
		this.counts.pending = size;
		this.random = random(id * 7919);
		this.items = Array.from({ length: size }, (_, i) => ({ seq: i + 1, state: 'pending', log: [], due: 0, at: 0 }));
		this.log('created', `${size} items`);
		this.prepare(settled, now);
	}

	// What was done before anyone looked.
	prepare(settled, now) {
		const end = this.finished || now;
		const begin = this.started || this.created;
		for (let i = 0; i < settled; i++)
			this.send(this.items[i], begin + (end - begin) * i / settled, true);
		const from = Math.max(begin, end - 400000);
		for (let t = from - from % 1000; this.started && t < end; t += 1000)
			this.sample(t, Math.floor(38 + this.random() * 16));
	}

	// Rows that come in; start() once they all are.
	take(rows) {
		for (const row of rows)
			this.items.push({ seq: this.items.length + 1, state: 'pending', log: [], due: 0, at: 0, row });
		this.counts.pending += rows.length;
	}

	start() {
		Object.assign(this, { state: 'running', live: true, started: Date.now() });
	}

	edit(item, input) {
		item.original ??= this.input(item);
		Object.assign(item, { row: input, edited: Date.now() });
		this.log('edit', `item ${item.seq}`, 'page');
	}

	log(what, detail, who = 'cli') {
		this.events.push({ id: String(this.events.length + 1), at: ISO(Date.now()), who, what, detail });
	}

	move(item, state) {
		this.counts[item.state]--;
		this.counts[state]++;
		item.state = state;
	}

	cause() {
		return this.hostileCause ?? FAILURES[Math.floor(this.random() ** 2 * FAILURES.length)];
	}

	// One attempt and what comes of it.
	send(item, at, settle = false) {
		const r = this.random();
		const n = item.log.length + 1;
		this.attempts++;
		const base = { n, at: ISO(at), connect_ms: n === 1 ? 2 : null, duration_ms: Math.floor(120 + r * 240), request: `POST https://api.example.com/users/${item.seq}${this.hostile ?? ''}` };
		base.first_byte_ms = base.duration_ms - 6;
		item.at = at;
		if (r < 0.06 && !item.mended) {
			const throttle = r < 0.02;
			this.retries++;
			this.throttled += throttle ? 1 : 0;
			const wait = 900 + Math.floor(this.random() * 1500);
			item.log.push({ ...base, decision: throttle ? 'throttle' : 'retry', http: throttle ? 429 : 503, class: 'http', message: throttle ? 'too many requests' : 'upstream is busy', wait, source: throttle ? 'retry-after' : 'backoff', body: throttle ? '{"error":"too many requests"}' : 'upstream is busy\n' });
			if (settle)
				return this.send(item, at + wait, settle);
			item.due = at + wait;
			this.move(item, 'waiting');
			return 'retried';
		}
		if (r > 0.965 && !item.mended) {
			const unknown = r > 0.993;
			const cause = unknown ? UNKNOWN : this.cause();
			item.log.push({ ...base, decision: unknown ? 'unknown' : 'fail', http: cause.http, class: cause.class, message: cause.message, body: cause.body });
			item.cause = cause;
			this.move(item, unknown ? 'unknown' : 'failed');
			return 'failed';
		}
		item.cause = null;
		item.log.push({ ...base, decision: 'done', http: 200, class: '', message: '', body: `{"code":0,"data":{"id":${9007199254740993n + BigInt(item.seq)},"balance":0.10}}` });
		this.move(item, 'done');
		return 'done';
	}

	tick(now) {
		if (!this.live || this.state !== 'running')
			return;
		const sent = { done: 0, failed: 0, retried: 0 };
		const quota = Math.round(this.limits.rate / 5 * (0.8 + this.random() * 0.4));
		for (const item of this.items)
			if ((item.state === 'running' || (item.state === 'waiting' && item.due < now)) && sent.done + sent.failed + sent.retried < quota)
				sent[this.send(item, now)]++;
		for (const item of this.items) {
			if (this.counts.running >= this.limits.concurrency)
				break;
			if (item.state === 'pending')
				this.move(item, 'running');
		}
		this.second = { done: (this.second?.done ?? 0) + sent.done, failed: (this.second?.failed ?? 0) + sent.failed, retried: (this.second?.retried ?? 0) + sent.retried };
		const last = this.samples[this.samples.length - 1];
		if (!last || now - last.t >= 1000) {
			this.sample(now - now % 1000, this.second.done, this.second.failed, this.second.retried);
			this.second = null;
		}
	}

	sample(t, done, failed = this.random() < 0.6 ? 1 : 0, retried = Math.floor(this.random() * 4)) {
		const p50 = 150 + Math.floor(this.random() * 30);
		this.samples.push({ t, done, failed, retried, throttled: Math.floor(this.random() * 2), in_flight: 24 + Math.floor(this.random() * 6), concurrency: this.limits.concurrency, p50, p95: p50 + 110 + Math.floor(this.random() * 40), p99: p50 + 250 + Math.floor(this.random() * 300) });
	}

	progress() {
		const running = this.live && this.state === 'running';
		const left = this.counts.pending + this.counts.running + this.counts.waiting;
		const rate = running ? this.limits.rate * 0.98 : 0;
		return {
			id: this.id, name: this.name, state: this.state, reason: this.reason, total: this.items.length, counts: this.counts,
			attempts: this.attempts, retries: this.retries, throttled: this.throttled, rate_per_s: rate,
			eta_s: running ? [left / rate, left / rate * 1.25] : null,
			latency_ms: this.attempts ? { p50: 180, p95: 260, p99: 900 } : { p50: null, p95: null, p99: null },
			limits: { concurrency: this.limits.concurrency, concurrency_now: this.limits.concurrency, rate_per_s: this.limits.rate, rate_now: this.limits.rate, burst: this.limits.burst, adapt: true, bound_by: running ? 'rate' : null },
			created_at: ISO(this.created), started_at: ISO(this.started), finished_at: ISO(this.finished),
			in_flight: running ? this.counts.running : 0, bad_rows: this.badRows.length, resume_at: /until|probe/.test(this.reason ?? '') ? ISO(Date.now() + 95000) : null, active: running,
		};
	}

	key(item) {
		return !this.keyed ? null : this.hostile ? `${this.hostile}${item.seq}` : `u-${10000 + item.seq}`;
	}

	// As text: these numbers must arrive unchanged.
	input(item) {
		if (item.row)
			return item.row;
		return `{"user_id": 12345678901234567${String(item.seq).padStart(2, '0')}, "name": ${JSON.stringify(this.hostile ?? ['王小明', 'Ada Lovelace', 'José Núñez'][item.seq % 3])}, "amount": 0.10, "tiny": 1E-7, "city": "${['Beijing', 'Shanghai', 'Lisbon'][item.seq % 3]}", "tags": [], "vip": ${item.seq % 5 === 0}, "address": {"street": "Main St ${item.seq}", "zip": "04${item.seq}"}${this.hostile ? `, ${JSON.stringify(this.hostile)}: null` : ''}}`;
	}

	view(item) {
		const last = item.log[item.log.length - 1];
		const dead = item.cause && /failed|unknown|skipped/.test(item.state) ? item.cause : null;
		return {
			seq: String(item.seq), key: this.key(item), state: item.state, input: '@@input@@', attempts: item.log.length,
			http_status: last?.http ?? null, cause: dead && { class: dead.class, code: dead.code, message: dead.message, group: dead.group },
			duration_ms: last?.duration_ms ?? null, at: ISO(item.at), due: item.state === 'waiting' ? ISO(item.due) : null,
			extracted: item.state === 'done' ? '@@extracted@@' : null,
		};
	}

	text(item, detail = false) {
		const view = this.view(item);
		if (detail)
			Object.assign(view, {
				original_input: item.original ? '@@original@@' : null, edited_at: ISO(item.edited), edited_by: item.edited ? 'page' : null, request_is_current: item.log.length > 0 && !item.edited,
				request: { method: 'POST', url: `https://api.example.com/users/${item.seq}${this.hostile ?? ''}`, headers: 'Authorization: ***\nContent-Type: application/json\n', body: this.input(item), bytes: 200 },
			});
		if (detail)
			view.attempts_log = item.log.map((one) => ({
				n: one.n, at: one.at, duration_ms: one.duration_ms, connect_ms: one.connect_ms, first_byte_ms: one.first_byte_ms, decision: one.decision,
				http_status: one.http, curl_error: one.http ? 0 : 28, class: one.class, message: one.message, wait_ms: one.wait ?? null, wait_source: one.source ?? null, request: one.request,
				response: one.http && { headers: `Content-Type: application/json\nX-Request-Id: ${this.hostile ?? 'r-' + item.seq}\n`, body: one.body, bytes: one.body?.length ?? 0, truncated: false },
			}));
		return JSON.stringify(view).replace('"@@input@@"', () => this.input(item)).replace('"@@original@@"', () => item.original)
			.replace('"@@extracted@@"', () => `{"new_id":${9007199254740993n + BigInt(item.seq)},"balance":0.10}`);
	}

	groups() {
		return [...CAUSES, ...this.hostile ? [this.hostileCause] : []].flatMap((cause) => {
			const items = this.items.filter((item) => item.cause === cause && /failed|unknown/.test(item.state));
			const times = items.map((item) => item.at);
			return items.length === 0 ? [] : { id: cause.group, class: cause.class, http_status: cause.http, code: cause.code, message: cause.message, count: items.length, first_at: ISO(Math.min(...times)), last_at: ISO(Math.max(...times)), sample_seq: String(items[0].seq), samples: items.slice(0, 5).map((item) => String(item.seq)), trend: trend(times) };
		}).sort((a, b) => b.count - a.count);
	}

	// Terms as in INTERFACE; throws on one it does not know.
	filter(text) {
		const terms = (text ?? '').match(/\S+/g) ?? [];
		const tests = terms.map((term) => {
			const [, minus, name, value] = /^(-?)([\w.]+):(.+)$/.exec(term) ?? [];
			const test = {
				state: (item) => value.split(',').includes(item.state),
				http: (item) => String(item.log[item.log.length - 1]?.http) === value,
				group: (item) => item.cause?.group.startsWith(value),
				code: (item) => item.cause?.code === value,
				key: (item) => this.key(item) === value,
				seq: (item) => { const [a, b = a] = value.split('-').map(Number); return item.seq >= a && item.seq <= b; },
				text: (item) => this.text(item).includes(value),
			}[name];
			if (!test)
				throw new Error(`filter: unknown term '${term}' (state http code group key seq text field.NAME)`);
			return minus ? (item) => !test(item) : test;
		});
		return this.items.filter((item) => tests.every((test) => test(item)));
	}

	act(action, body, who) {
		const dead = (item) => /^(failed|unknown)$/.test(item.state);
		const chosen = body.all ? this.items.filter(dead) : body.seqs ? body.seqs.map((seq) => this.items[seq - 1])
			: this.filter(body.group ? `group:${body.group}` : body.filter);
		const may = (item) => (action === 'retry' ? /failed|unknown|skipped/.test(item.state) || (body.done_too && item.state === 'done')
			: action === 'skip' ? /failed|unknown|pending|waiting/.test(item.state) : item.state === 'unknown');
		const changed = chosen.filter(may);
		const operation = { id: null, action, who, created_at: ISO(Date.now()), finished_at: ISO(Date.now()), matched: chosen.length, changed: changed.length, reason: body.reason ?? null, cancelled_at: null, selection: body.filter ?? (body.group ? `group:${body.group}` : body.all ? 'all' : `seq ${body.seqs}`), dry_run: Boolean(body.dry_run) };
		if (body.dry_run)
			return { ...operation, unknown: changed.filter((item) => item.state === 'unknown').length };
		for (const item of changed) {
			this.move(item, action === 'retry' ? 'pending' : action === 'skip' ? 'skipped' : body.as);
			item.mended = true;
		}
		if (action === 'retry' && this.state === 'finished')
			Object.assign(this, { state: 'running', live: true, finished: 0 });
		operation.id = String(this.operations.length + 1);
		this.operations.push(operation);
		this.log(action, `${changed.length} items${body.reason ? `: ${body.reason}` : ''}`, who);
		return operation;
	}

	command(verb, who) {
		this.state = { pause: 'paused', resume: 'running', cancel: 'cancelled' }[verb];
		this.reason = verb === 'pause' ? 'by user' : null;
		this.live ||= verb === 'resume';
		this.log(verb, '', who);
	}
}

export function demoJobs() {
	const jobs = [
		new Job({ id: 1, name: 'orders-refund', size: 3000, state: 'finished', settled: 3000, started: 1000 * 60 * 45 }),
		new Job({ id: 2, name: '用户回访短信', size: 8000, state: 'paused', reason: '429 until 10:32:05', settled: 2600, started: 1000 * 60 * 20 }),
		new Job({ id: 3, name: HOSTILE, size: 300, state: 'halted', reason: `20 % failed ${HOSTILE}`, settled: 180, started: 1000 * 60 * 12, hostile: HOSTILE }),
		new Job({ id: 4, name: 'nightly-sync', size: 900, state: 'importing', keyed: false }),
		new Job({ id: 5, name: 'crm-import', size: 20000, state: 'running', live: true, settled: 9200, started: 1000 * 60 * 5 }),
	];
	jobs[2].badRows.push({ row: '17', fault: `unterminated quote ${HOSTILE}`, raw: HOSTILE }, { row: '203', fault: '3 fields instead of 4', raw: 'u-203,Ada,Lisbon' });
	jobs[2].log('halted', HOSTILE);
	jobs[4].badRows.push({ row: '4711', fault: '3 fields instead of 4', raw: 'u-4711,Ada,Lisbon' });
	return jobs;
}

// Texts without a place to break at: nothing may run over the edge.
export function wideJob() {
	const text = 'w'.repeat(1000);
	const job = new Job({ id: 6, name: text.slice(0, 100), size: 300, state: 'halted', reason: text, settled: 300, started: 1000 * 60 * 12, hostile: text });
	job.badRows.push({ row: '17', fault: text, raw: text });
	job.operations.push({ id: '1', action: text, who: text, reason: text, created_at: ISO(Date.now()), finished_at: null, cancelled_at: null, matched: 2, changed: 1, selection: text });
	job.log(text, text, text);
	return job;
}
