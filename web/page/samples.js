// The samples of a job's run made fit for a chart: few enough to draw, with a
// hole where nothing ran.  A sample covers `s` seconds from `t` (Unix ms).

const POINTS_MAX = 240;
const GAP_S_MIN = 10; // a shorter silence is a slow second
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
const COUNTS = ['done', 'failed', 'unknown', 'skipped', 'retried', 'throttled'];
const LEVELS = ['in_flight', 'concurrency'];
const LATENCIES = ['p50', 'p95', 'p99'];

const secondsOf = (sample) => sample.s ?? 1;

// Those of the last minutes; 0: all.
export function lastMinutes(samples, minutes) {
	if (!minutes || !samples.length)
		return samples;
	const from = samples[samples.length - 1].t - minutes * 60000;
	return samples.slice(samples.findIndex(({ t }) => t >= from));
}

function stepFor(samples) {
	const covered_s = samples.reduce((sum, sample) => sum + secondsOf(sample), 0);
	const widest_s = Math.max(...samples.map(secondsOf));
	return STEPS_S.find((step) => step >= widest_s && covered_s / step <= POINTS_MAX)
		?? STEPS_S[STEPS_S.length - 1];
}

// Several samples as one: counts add up, levels are averaged over time,
// latencies over what was finished, but p99 is the worst one.
function joined(t, samples) {
	const out = { t, s: samples.reduce((sum, sample) => sum + secondsOf(sample), 0) };
	for (const name of COUNTS)
		out[name] = samples.reduce((sum, sample) => sum + (sample[name] ?? 0), 0);
	for (const name of LEVELS)
		out[name] = samples.reduce((sum, sample) => sum + sample[name] * secondsOf(sample), 0) / out.s;
	const timed = samples.filter((sample) => sample.p50);
	const weight = (sample) => Math.max(1, COUNTS.reduce((sum, name) => sum + (sample[name] ?? 0), 0));
	const whole = timed.reduce((sum, sample) => sum + weight(sample), 0);
	for (const name of LATENCIES)
		out[name] = !timed.length ? 0 : name === 'p99' ? Math.max(...timed.map((sample) => sample.p99))
			: timed.reduce((sum, sample) => sum + sample[name] * weight(sample), 0) / whole;
	return out;
}

// At most about POINTS_MAX of them, and {t, gap: true} where the job stood still.
export function thinned(samples) {
	if (!samples.length)
		return samples;
	const step_ms = stepFor(samples) * 1000;
	const buckets = new Map();
	for (const sample of samples) {
		const at = sample.t - sample.t % step_ms;
		if (!buckets.has(at))
			buckets.set(at, []);
		buckets.get(at).push(sample);
	}
	const out = [];
	for (const [at, inside] of buckets) {
		const before = out[out.length - 1];
		if (before && at - before.t > Math.max(GAP_S_MIN * 1000, 2.5 * step_ms))
			out.push({ t: before.t + step_ms, gap: true });
		out.push(joined(at, inside));
	}
	// The newest bucket is still filling: its counts are over its own seconds,
	// but one of a second out of a minute would only be noise.
	if (out.length > 2 && out[out.length - 1].s * 3000 < step_ms)
		out.pop();
	return out;
}
