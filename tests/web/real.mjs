// The page on the real program: a batch is watched while it runs, its failures
// are looked into and retried until all is done; the server is restarted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { axe, finish, openBrowser, test, until } from './browser.mjs';

const ITEMS = 500;
const FIRST = 1234567890123456000n;
const folder = mkdtempSync(join(tmpdir(), 'sluice-real-'));
const children = [];

function start(program, ...options) {
	const child = spawn(resolve(program), options, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
	child.told = '';
	child.stdout.on('data', (data) => { child.told += data; });
	child.stderr.on('data', (data) => { child.told += data; });
	child.over = new Promise((ended) => child.on('exit', ended));
	children.push(child);
	return child;
}
process.on('exit', () => children.forEach((child) => child.exitCode === null && child.kill('SIGKILL')));

const addressOf = (child) => until('the page\'s address', () => /(http:\/\/[^\s/]+\/)#token=\S+/.exec(child.told));

const upstream = start(process.env.UPSTREAM, '--port-file', 'port', '--parent-pid', String(process.pid),
	'--latency-ms', '80', '--latency-jitter-ms', '40', '--permanent-percent', '4', '--code-percent', '3');
const ports = await until('the upstream\'s port', () => {
	try {
		const lines = readFileSync(join(folder, 'port'), 'utf8').trim().split('\n');
		return lines.length === 2 && lines;
	} catch {
		return null;
	}
});
const control = (setting) => fetch(`http://127.0.0.1:${ports[1]}/__control?${setting}`, { method: 'POST' });
writeFileSync(join(folder, 'users.ndjson'), Array.from({ length: ITEMS }, (_, i) =>
	`{"user_id": ${FIRST + BigInt(i + 1)}, "amount": 0.10, "name": "<b>n${i + 1}</b>"}\n`).join(''));
writeFileSync(join(folder, 'job.json'), JSON.stringify({
	name: 'crm-import', items: 'users.ndjson',
	request: { method: 'PUT', url: `http://127.0.0.1:${ports[0]}/users/{{user_id}}`, json: { id: '{{user_id:json}}', amount: '{{amount:json}}', name: '{{name}}' } },
	rules: [{ if: '$.code != 0 and status == 200', then: 'fail', code: '$.code', message: '$.msg' }],
	limits: { concurrency: 10, rate: '60/s' },
}));
const runner = start(process.env.SLUICE, 'run', 'job.json', '--db', 'jobs.db', '--stay', '--listen', '127.0.0.1:0', '--progress', 'none');
const [link, url] = await addressOf(runner);
const browser = await openBrowser();
const page = await browser.page();
const text = (selector) => page.locator(selector).first().innerText();
const button = (name) => page.getByRole('button', { name });
const done = async () => Number((await text('.legend-item.state-done b')).replace(/,/g, ''));

await test('the link that was printed opens the list; the job is there', async () => {
	await page.goto(link);
	await page.locator('.job-row-name', { hasText: 'crm-import' }).click();
	await page.locator('.progress-percent').waitFor();
	assert.equal(await page.evaluate(() => location.hash), '#/jobs/1');
});

await test('its progress moves', async () => {
	const before = await done();
	await until('more done', async () => await done() > before + 20);
	assert.match(await text('.tiles'), /Limited by\s+the /i);
	await until('an estimate', async () => await page.locator('.estimate').count() === 1);
	await until('charts', async () => await page.locator('.chart canvas').count() === 4);
});

await test('it is paused and goes on; limits change', async () => {
	await page.keyboard.press('p');
	await page.locator('.reason', { hasText: 'Paused by a person' }).waitFor();
	await page.waitForTimeout(1500);
	const still = await done();
	await page.waitForTimeout(1500);
	assert.equal(await done(), still);
	await page.fill('#limit-rate', '120/s');
	await page.fill('#limit-concurrency', '20');
	await button('Apply').click();
	await page.getByText('Limits set').waitFor();
	await page.keyboard.press('p');
	await until('more done', async () => await done() > still);
	await until('the log tells', async () => /limits set[\s\S]*this page/.test(await page.locator('.log').last().innerText()));
});

await test('it ends; the failures are grouped by cause', async () => {
	await page.locator('.head .chip', { hasText: 'finished' }).waitFor();
	await until('two causes', async () => await page.locator('.cause-row').count() === 2);
	const causes = await page.locator('.cause-list').innerText();
	assert.match(causes, /HTTP 404/);
	assert.match(causes, /HTTP 200 1001/);
	assert.deepEqual(await axe(page), []);
});

await test('failed items show cause and response; an item shows exact numbers', async () => {
	await page.locator('.cause-row', { hasText: 'HTTP 404' }).getByText('Items').click();
	await page.locator('tr[data-seq]').first().waitFor();
	await page.locator('.response-of .code').first().waitFor();
	const seq = await page.locator('tr[data-seq]').first().getAttribute('data-seq');
	await page.locator('.item-link').first().click();
	await page.locator('.attempt').first().waitFor();
	const input = await page.locator('.column-side .code pre').first().innerText();
	for (const part of [String(FIRST + BigInt(seq)), '0.10', '<b>n'])
		assert.ok(input.includes(part), `${part} in ${input}`);
	assert.match(await text('.attempt'), new RegExp(`HTTP 404[\\s\\S]*PUT http://127\\.0\\.0\\.1:${ports[0]}/users/${FIRST + BigInt(seq)}`));
	await page.keyboard.press('c');
	await page.getByText('Copied').waitFor();
	assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl /);
	assert.deepEqual(await axe(page), []);
});

await test('the upstream is mended; the item is retried and done', async () => {
	await control('permanent-percent=0');
	await page.keyboard.press('r');
	await page.locator('.head .chip', { hasText: 'done' }).waitFor();
	await until('its new attempt', async () => await page.locator('.attempt').count() === 2);
	assert.match(await text('.attempt'), /Attempt 2[\s\S]*HTTP 200/);
});

await test('a group is retried; then all that match a filter', async () => {
	await page.goto(`${url}#/jobs/1`);
	await page.locator('.cause-row', { hasText: 'HTTP 404' }).getByRole('button', { name: 'Retry group' }).click();
	await page.getByRole('dialog').getByRole('button', { name: /^Retry \d+ items?$/ }).click();
	await until('one cause left', async () => await page.locator('.cause-row').count() === 1);
	await control('code-percent=0');
	await page.goto(`${url}#/jobs/1/items?filter=state:failed`);
	await page.locator('tr[data-seq]').first().waitFor();
	await page.getByLabel('Select all on this page').click();
	await button('Select all that match the filter').click();
	await page.keyboard.press('r');
	await page.getByRole('dialog').getByRole('button', { name: /^Retry \d+ items?$/ }).click();
	await page.getByText('No item matches').waitFor();
	await page.goto(`${url}#/jobs/1`);
	await until('all done', async () => await done() === ITEMS);
	assert.equal(await text('.progress-percent'), '100%');
	await page.locator('#operations-title').waitFor();
});

await test('the server restarts: the page recovers without a reload', async () => {
	browser.expected = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to load/];
	await page.evaluate(() => { window.sameDocument = true; });
	runner.kill('SIGTERM');
	await runner.over;
	await page.getByText('Connection lost, retrying').waitFor();
	const again = start(process.env.SLUICE, 'serve', '--db', 'jobs.db', '--listen', new URL(url).host);
	await addressOf(again);
	await until('banner gone', async () => await page.locator('.banner').count() === 0);
	assert.equal(await done(), ITEMS);
	assert.equal(await page.evaluate(() => window.sameDocument), true);
	await page.goto('about:blank'); // it would ask on, of nobody
	browser.expected = [];
	again.kill('SIGTERM');
	await again.over;
});

await test('all along: no error in the console, nothing blocked by the policy, no other origin', () => {
	assert.deepEqual(browser.faults, []);
});

await browser.close();
upstream.kill('SIGTERM');
await upstream.over;
rmSync(folder, { recursive: true, force: true });
finish();
