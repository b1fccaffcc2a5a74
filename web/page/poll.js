// Asking the server again and again: only while the page is seen, less often
// when nothing moves, backing off while the server is away.
import { useCallback, useEffect, useRef, useState } from './vendor/preact/standalone.module.js';
import { ApiError, connectionLost, Unreachable } from './api.js';

export const PERIOD_BUSY_MS = 1000;
export const PERIOD_IDLE_MS = 5000;
const BACKOFF_MS_MAX = 10000;

export function jobPeriod(job) {
	return job?.active || job?.state === 'importing' || job?.counts.running > 0 ? PERIOD_BUSY_MS : PERIOD_IDLE_MS;
}

class Poller {
	// load(signal) answers data; period(data) milliseconds until the next turn.
	constructor(load, period, show) {
		Object.assign(this, { load, period, show });
		this.failures = 0;
		this.timer = 0;
		this.busy = null; // AbortController of the call under way
		this.again = false;
		this.onVisible = () => {
			if (!document.hidden)
				this.turn();
		};
		document.addEventListener('visibilitychange', this.onVisible);
		this.unsubscribe = connectionLost.subscribe((lost) => {
			if (!lost && this.failures > 0)
				this.turn();
		});
		this.turn();
	}

	stop() {
		this.stopped = true;
		clearTimeout(this.timer);
		this.busy?.abort();
		this.unsubscribe();
		document.removeEventListener('visibilitychange', this.onVisible);
	}

	async turn() {
		clearTimeout(this.timer);
		if (this.stopped || document.hidden)
			return;
		if (this.busy) {
			this.again = true;
			return;
		}
		this.busy = new AbortController();
		const wait = await this.ask(this.busy.signal);
		this.busy = null;
		if (this.stopped)
			return;
		const at_once = this.again;
		this.again = false;
		this.timer = setTimeout(() => this.turn(), at_once ? 0 : wait);
	}

	async ask(signal) {
		try {
			const data = await this.load(signal);
			if (this.stopped)
				return 0;
			this.failures = 0;
			this.show({ data, error: null });
			return this.period(data);
		} catch (error) {
			if (this.stopped)
				return 0;
			this.failures++;
			if (!(error instanceof Unreachable))
				this.show({ error });
			if (!(error instanceof Unreachable || error instanceof ApiError))
				console.error(error);
			return Math.min(PERIOD_BUSY_MS * 2 ** (this.failures - 1), BACKOFF_MS_MAX);
		}
	}
}

// {data, error, refresh}: data of the last good answer, undefined before the
// first.  deps: what the question depends on; when they change it starts over.
export function usePoll(load, period, deps) {
	const [state, setState] = useState({ data: undefined, error: null, deps });
	const poller = useRef(null);
	const latest = useRef(null);
	latest.current = { load, period };
	useEffect(() => {
		setState({ data: undefined, error: null, deps });
		const mine = new Poller(
			(signal) => latest.current.load(signal),
			(data) => latest.current.period(data),
			(part) => setState((old) => ({ ...old, ...part, deps })));
		poller.current = mine;
		return () => mine.stop();
	}, deps);
	const refresh = useCallback(() => poller.current?.turn(), []);
	// Between a change of deps and the effect, old data would show for a frame.
	const fresh = deps.every((value, i) => Object.is(value, state.deps[i]));
	return { data: fresh ? state.data : undefined, error: fresh ? state.error : null, refresh };
}

// Rises each time the server is there again: what failed without it is asked anew.
export function useReturns() {
	const [returns, setReturns] = useState(0);
	useEffect(() => connectionLost.subscribe((lost) => lost || setReturns((n) => n + 1)), []);
	return returns;
}

// [problem, setProblem]: an error to show.  That the server is away is none any
// more when it is back.
export function useProblem() {
	const [problem, setProblem] = useState(null);
	const returns = useReturns();
	useEffect(() => setProblem((old) => (old instanceof Unreachable ? null : old)), [returns]);
	return [problem, setProblem];
}
