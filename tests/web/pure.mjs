// What the page computes without a browser: samples made fit for a chart, a
// form made into a job file.
import assert from 'node:assert/strict';
import { csvOfTabs, EMPTY_DRAFT, formatGuess, specOf } from '../../web/page/job_draft.js';
import { members, objectOf } from '../../web/page/exact_json.js';
import { lastMinutes, thinned } from '../../web/page/samples.js';
import { finish, test } from './browser.mjs';

const T0 = 1767323040000;
const second = (i, more = {}) => ({ t: T0 + i * 1000, done: 10, failed: 0, retried: 1, throttled: 0, in_flight: 8, concurrency: 16, p50: 100, p95: 200, p99: 300, ...more });
const seconds = (n, more) => Array.from({ length: n }, (_, i) => second(i, more));
const sum = (samples, name) => samples.reduce((total, sample) => total + (sample[name] ?? 0), 0);

await test('samples: few stay as they are, many become few, nothing is lost', () => {
	assert.equal(thinned(seconds(200)).length, 200);
	const day = thinned(seconds(86400));
	assert.ok(day.length > 100 && day.length <= 241, String(day.length));
	assert.equal(sum(day, 'done'), 864000);
	assert.ok(day.every((sample) => sample.done / sample.s === 10 && sample.in_flight === 8));
});
await test('samples: older ones are wider, and their counts over their own seconds', () => {
	const mixed = [...Array.from({ length: 100 }, (_, i) => ({ ...second(i * 60, { s: 60, done: 600 }) })), ...Array.from({ length: 60 }, (_, i) => second(6000 + i))];
	const out = thinned(mixed);
	assert.ok(out.every((sample) => sample.gap || sample.done / sample.s === 10), JSON.stringify(out.slice(-3)));
	assert.equal(out.some((sample) => sample.gap), false);
});
await test('samples: a hole where nothing ran, none where it was slow', () => {
	const halted = thinned([...seconds(60), ...seconds(60).map((sample) => ({ ...sample, t: sample.t + 3600000 }))]);
	assert.equal(halted.filter((sample) => sample.gap).length, 1);
	assert.equal(thinned(seconds(60).filter((_, i) => i % 5 === 0)).some((sample) => sample.gap), false);
});
await test('samples: the worst p99 stays, latencies only of what finished', () => {
	const samples = seconds(1000);
	Object.assign(samples[500], { p99: 9000 });
	Object.assign(samples[501], { p50: 0, p95: 0, p99: 0, done: 0 });
	const out = thinned(samples);
	assert.equal(Math.max(...out.map((sample) => sample.p99)), 9000);
	assert.ok(out.every((sample) => sample.p50 === 100));
});
await test('samples: the last minutes', () => {
	assert.equal(lastMinutes(seconds(1000), 5).length, 301);
	assert.equal(lastMinutes(seconds(10), 0).length, 10);
	assert.deepEqual(thinned([]), []);
});

const draft = (part) => specOf({ ...EMPTY_DRAFT, name: 'n', url: 'https://x.example/', ...part });
await test('a job file: what is typed as JSON goes in as typed, the rest is quoted', () => {
	const { spec, faults } = draft({ body_kind: 'json', body: '{"id": 1234567890123456789, "p": 0.10}', headers: 'A: b: c\n\nX: "q"', rate: '30 / m', ok_if: '$.code == 0', extract: 'id=$.data["a=b"]' });
	assert.deepEqual(faults, {});
	assert.ok(spec.includes('"json": {"id": 1234567890123456789, "p": 0.10}'), spec);
	const parsed = JSON.parse(spec);
	assert.deepEqual(parsed.request.headers, { A: 'b: c', X: '"q"' });
	assert.deepEqual(parsed.extract, { id: '$.data["a=b"]' });
	assert.equal(parsed.limits.rate, '30/m');
});
await test('a job file: a method without a body has none, an empty body is said', () => {
	assert.equal('body' in JSON.parse(draft({ method: 'GET', body_kind: 'text', body: 'x' }).spec).request, false);
	assert.equal(JSON.parse(draft({ body_kind: 'none' }).spec).request.body, '');
	assert.deepEqual(JSON.parse(draft({ body_kind: 'form', body: 'a=1\nb={{c}}' }).spec).request.form, { a: '1', b: '{{c}}' });
});
await test('a job file: each field that is wrong is named', () => {
	for (const [part, field] of [[{ name: '17' }, 'name'], [{ url: 'ftp://x' }, 'url'], [{ headers: 'nonsense' }, 'headers'], [{ rate: 'fast' }, 'rate'],
		[{ concurrency: '0' }, 'concurrency'], [{ retries: '1.5' }, 'retries'], [{ timeout: '-1' }, 'timeout'], [{ canary: '0' }, 'canary'], [{ halt: '101' }, 'halt'], [{ body_kind: 'json', body: '{' }, 'body'], [{ extract: '=x' }, 'extract']]) {
		const { spec, faults } = draft(part);
		assert.deepEqual(Object.keys(faults), [field]);
		JSON.parse(spec);
	}
});
await test('formats are guessed by name, then by how the text begins', () => {
	assert.deepEqual([['a.CSV', ''], ['a.jsonl', ''], ['a.json', ' [1'], ['a.json', '{'], ['a.txt', ''], [null, '[{'], [null, '{"a"'], [null, 'a,b']].map(([name, head]) => formatGuess(name, head)),
		['csv', 'ndjson', 'json', 'ndjson', 'lines', 'json', 'ndjson', 'csv']);
});
await test('rows of a spreadsheet become CSV; nothing else is touched', () => {
	for (const [tabs, csv] of [['a\tb\r\n1\t2\r\n', 'a,b\n1,2\n'], ['a\tb\n\t', 'a,b\n,'], ['a\tb\n"x\ty"\t"q""q"', 'a,b\n"x\ty","q""q"'], ['a\tb\n"5 inch\t1', 'a,b\n"""5 inch",1'],
		['a,b\n1\t2', 'a,b\n1\t2'], ['{"a":\t1}', '{"a":\t1}'], ['a\n1', 'a\n1']])
		assert.equal(csvOfTabs(tabs), csv);
});
await test('members of an object and back: every value as it stood', () => {
	const text = ' { "a" : 0.10 , "b\\u0041":{"c":[1,"}"]},"d":"x, y", "e":null } ';
	assert.deepEqual(members(text), [['a', '0.10'], ['bA', '{"c":[1,"}"]}'], ['d', '"x, y"'], ['e', 'null']]);
	assert.equal(objectOf(members(text)), '{"a": 0.10, "bA": {"c":[1,"}"]}, "d": "x, y", "e": null}');
	assert.deepEqual([members('{}'), members('[1]'), members('"{"')], [[], null, null]);
});
finish();
