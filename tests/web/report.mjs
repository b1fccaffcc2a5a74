// The HTML report in a browser: whatever is in the data, nothing runs over the
// edge, and what is not seen is shown as an escape.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { axe, finish, openBrowser, test } from './browser.mjs';
import { UNSEEN } from './mock_jobs.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sluice-report-'));
const target = createServer((request, response) => {
	const message = request.url.endsWith('1') ? 'm'.repeat(500) : 'm\u202egnp.exe\u0007';
	response.writeHead(422, { 'Content-Type': 'application/json' }).end(JSON.stringify({ code: 'c'.repeat(60), msg: message }));
});
await new Promise((ready) => target.listen(0, '127.0.0.1', ready));

function sluice(...options) {
	const child = spawn(resolve(process.env.SLUICE), [...options, '--db', join(folder, 'jobs.db')], { cwd: folder, stdio: 'ignore' });
	process.on('exit', () => child.exitCode === null && child.kill('SIGKILL'));
	return new Promise((ended) => child.on('exit', ended));
}

async function report(name, rows) {
	writeFileSync(join(folder, 'items.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
	assert.equal(await sluice('run', `http://127.0.0.1:${target.address().port}/{{n}}`, '-i', 'items.ndjson', '--key', 'key', '--name', name, '--no-ui'), 3);
	assert.equal(await sluice('export', name, '--format', 'html', '-o', 'report.html'), 0);
	return readFileSync(join(folder, 'report.html'), 'utf8');
}

const long = (key) => ({ n: 1, key, note: `${key}\u202egnp.exe\u2066\ufeff` });
const REPORTS = {
	'plain data': ['plain', [{ n: 2, key: 'u-1', city: 'Lisbon' }, { n: 2, key: 'u-2', city: 'Porto' }]],
	'long texts': ['w'.repeat(100), [long('k'.repeat(90)), long('K'.repeat(1000)), { n: 2, key: 'bidi\u202egnp.exe' }]],
};
const browser = await openBrowser();
const page = await browser.page();
for (const [what, [name, rows]] of Object.entries(REPORTS)) {
	const text = await report(name, rows);
	for (const width of [390, 1280])
		await test(`no wider than the window: ${what} (${width} px)`, async () => {
			await page.setViewportSize({ width, height: 900 });
			await page.setContent(text);
			const [shown, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
			assert.ok(shown <= room, `${shown} px`);
			assert.ok(await page.locator('td.t').last().evaluate((cell) => cell.getBoundingClientRect().width) > 100, 'a text stays readable');
			assert.deepEqual(await axe(page), []);
		});
	await test(`nothing unseen: ${what}`, async () => {
		assert.doesNotMatch(text, UNSEEN);
		if (name !== 'plain')
			for (const part of ['bidi\\u202egnp.exe', 'm\\u202egnp.exe', '\\u2066\\ufeff'])
				assert.ok((await page.locator('body').innerText()).includes(part), part);
	});
}
await test('all along: no error in the console, no other origin', () => assert.deepEqual(browser.faults, []));

await browser.close();
target.close();
rmSync(folder, { recursive: true, force: true });
finish();
