// The whole way on the real program, in both languages, wide and narrow: a job
// is made on the page, watched, fails, its failures are grouped, one is edited,
// others corrected by a file, the rest of the group tried again, all is done, and
// the outcome is exported.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import en from '../../web/page/i18n/en.js';
import zh from '../../web/page/i18n/zh.js';
import { axe, finish, openBrowser, test, until } from './browser.mjs';

const ROWS = 60;
const BAD = 5; // rows whose city the target does not know
const FIRST = 1234567890123456000n;
const folder = mkdtempSync(join(tmpdir(), 'sluice-flow-'));

// The target: refuses a city that it does not know.
const known = new Set();
const seen = new Map(); // id → bodies
const target = createServer((request, response) => {
	let text = '';
	request.on('data', (piece) => { text += piece; }).on('end', () => {
		seen.set(request.url, [...seen.get(request.url) ?? [], text]);
		const fine = !text.includes('Atlantis') || known.has('Atlantis');
		setTimeout(() => response.writeHead(fine ? 200 : 422, { 'Content-Type': 'application/json' })
			.end(fine ? '{"code":0,"balance":0.10}' : '{"code":1001,"msg":"unknown city <b>"}'), 20);
	});
});
await new Promise((ready) => target.listen(0, '127.0.0.1', ready));

const server = spawn(resolve(process.env.SLUICE), ['serve', '--db', join(folder, 'jobs.db'), '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
process.on('exit', () => server.exitCode === null && server.kill('SIGKILL'));
let told = '';
for (const stream of [server.stdout, server.stderr])
	stream.on('data', (data) => { told += data; });
const [link, url] = await until('the page\'s address', () => /(http:\/\/[^\s/]+\/)#token=\S+/.exec(told));

function csv() {
	const rows = Array.from({ length: ROWS }, (_, i) => `${FIRST + BigInt(i + 1)},"n, ${i + 1}",${i % (ROWS / BAD) === 7 ? 'Atlantis' : 'Lisbon'}`);
	return Buffer.from(`user_id,name,city\n${rows.join('\n')}\n`);
}

async function walk({ width, theme, locale, texts, name }) {
	known.clear();
	const browser = await openBrowser({ width, theme, locale });
	const page = await browser.page();
	const dialog = page.getByRole('dialog');
	const label = `${width} px, ${theme}, ${locale}`;
	const step = (what, body) => test(`${what} (${label})`, body);
	// A text of the page, its count being n.
	const say = (key, values = {}) => {
		const forms = texts[key].split(' | ');
		return (values.n === 1 ? forms[0] : forms[forms.length - 1]).replace(/\{(\w+)\}/g, (whole, part) => values[part] ?? whole);
	};
	const button = (key, values) => page.getByRole('button', { name: say(key, values), exact: true });
	const number = async (state) => Number((await page.locator(`.legend-item.state-${state} b`).innerText()).replace(/,/g, ''));
	const counts = (state, n) => until(`${n} ${state}`, async () => await number(state) === n);
	const openJob = async () => {
		await page.locator('.crumbs').getByText(name, { exact: true }).click();
		await page.locator('.progress-percent').waitFor();
	};

	await step('create: a file, a request, a look at the first rows, start', async () => {
		await page.goto(link);
		await page.getByRole('link', { name: say('jobs.new'), exact: true }).click();
		await page.setInputFiles('#new-file', { name: `${name}.csv`, mimeType: 'text/csv', buffer: csv() });
		await page.fill('#new-url', `http://127.0.0.1:${target.address().port}/${name}/{{user_id}}`);
		await until('the preview', async () => (await page.locator('.preview').innerText()).includes(`/${name}/${FIRST + 1n}`));
		await page.selectOption('#new-key', 'user_id');
		assert.deepEqual(await axe(page), []);
		await button('new.start').click();
		await page.locator('h1', { hasText: name }).waitFor();
	});
	await step('watch: it moves, it ends, the failures are one group', async () => {
		await counts('done', ROWS - BAD);
		await page.locator('.head .chip', { hasText: say('state.finished') }).waitFor();
		assert.equal(await number('failed'), BAD);
		await page.locator('.cause-row').waitFor();
		assert.match(await page.locator('.cause-row').innerText(), /HTTP 422[\s\S]*unknown city <b>/);
		await until('charts', async () => await page.locator('.chart canvas').count() === 4);
		assert.deepEqual(await axe(page), []);
	});
	await step('edit: one item of the group, previewed, tried again, done', async () => {
		await page.locator('.cause-row').getByText(say('cause.items'), { exact: true }).click();
		await page.locator('tr[data-seq] .item-link').first().click();
		await page.locator('.attempt').waitFor();
		await button('item.edit').click();
		await page.fill('#edit-city', 'Porto');
		await until('the request', async () => /Porto/.test(await dialog.locator('.response').innerText()));
		assert.deepEqual(await axe(page), []);
		await dialog.getByRole('button', { name: say('item.retry'), exact: true }).click();
		await page.locator('.head .chip', { hasText: say('state.done') }).waitFor();
		await page.getByRole('heading', { name: say('item.original') }).waitFor();
		assert.equal(await page.locator('.attempt').count(), 2);
		await openJob();
	});
	await step('correct: the failed ones exported, mended but for one, compared, tried again', async () => {
		await button('correct.open').click();
		const [saved] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: say('correct.download') }).click()]);
		const failed = readFileSync(await saved.path(), 'utf8').trim().split('\n');
		assert.equal(failed.length, BAD, 'a header and those that failed');
		const mended = failed.map((line, i) => (i === failed.length - 1 ? line : line.replaceAll('Atlantis', 'Faro')));
		await page.setInputFiles('#correct-file', { name: 'mended.csv', mimeType: 'text/csv', buffer: Buffer.from(mended.join('\n') + '\n') });
		await until('compared', async () => /Faro/.test(await page.locator('.diffs').first().innerText()));
		assert.deepEqual(await axe(page), []);
		await button('correct.yes', { n: BAD - 2 }).click();
		await counts('done', ROWS - 1);
		await page.locator('.head .chip', { hasText: say('state.finished') }).waitFor();
	});
	await step('retry: the target is mended, the group is tried again, all is done', async () => {
		known.add('Atlantis');
		await button('cause.retry').click();
		await dialog.getByRole('button', { name: say('bulk.retry.yes', { n: 1 }), exact: true }).click();
		await counts('done', ROWS);
		await page.locator('.head .chip', { hasText: say('state.finished') }).waitFor();
		await page.locator('#operations-title').waitFor();
	});
	await step('export: every row done, its numbers exact', async () => {
		await button('export').click();
		await page.getByLabel(say('export.format.ndjson')).check();
		await page.getByLabel(say('export.which.all'), { exact: true }).check();
		const [saved] = await Promise.all([page.waitForEvent('download'), button('export.yes').click()]);
		const lines = readFileSync(await saved.path(), 'utf8').trim().split('\n');
		assert.equal(lines.length, ROWS);
		assert.ok(lines.every((line) => line.includes('"state":"done"')));
		assert.ok(lines.some((line) => line.includes(String(FIRST + BigInt(ROWS)))));
		const sent = [...seen].filter(([path]) => path.startsWith(`/${name}/`));
		assert.equal(sent.length, ROWS);
		assert.equal(sent.reduce((sum, [, bodies]) => sum + bodies.length, 0), ROWS + BAD, 'nothing was sent needlessly');
	});
	await step('all along: no error in the console, nothing blocked by the policy, no other origin', () => {
		assert.deepEqual(browser.faults, []);
	});
	await browser.close();
}

await walk({ width: 1280, theme: 'light', locale: 'en-GB', texts: en, name: 'wide' });
await walk({ width: 390, theme: 'dark', locale: 'zh-CN', texts: zh, name: 'narrow' });
await test('first paint on this machine', async () => {
	const browser = await openBrowser();
	const page = await browser.page();
	await page.goto(link);
	await page.locator('.job-row').first().waitFor();
	const times = [];
	for (let i = 0; i < 3; i++) {
		await page.goto('about:blank');
		await page.goto(`${url}#/jobs`);
		await page.locator('.job-row').first().waitFor();
		times.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime));
	}
	console.log(`#   first contentful paint: ${times.map(Math.round).join(', ')} ms`);
	assert.ok(times.every((time) => time > 0));
	await browser.close();
});
server.kill('SIGTERM');
await new Promise((ended) => server.on('exit', ended));
target.close();
target.closeAllConnections();
rmSync(folder, { recursive: true, force: true });
finish();
