// What is filled in on the page: a new job, an item edited, a corrected file,
// the filter with its completions, limits by slider; and what a read-only or
// labelled server changes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { finish, openAt, openBrowser, quiet, test, until } from './browser.mjs';
import { startMock, TOKEN } from './mock.mjs';

const mock = await startMock();
const browser = await openBrowser();
const page = await browser.page();
const open = (hash) => openAt(page, mock.url + hash);
const text = (selector) => page.locator(selector).first().innerText();
const button = (name) => page.getByRole('button', { name });
const dialog = page.getByRole('dialog');
const csv = (name, body) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(body) });
const jobNamed = (name) => mock.jobs.find((job) => job.name === name);
await openAt(page, `${mock.url}#token=${TOKEN}`);

await test('a new job: chosen file, its first rows as requests, started; every row arrived exactly', async () => {
	await open('#/jobs');
	await page.locator('.job-row').first().waitFor();
	await page.keyboard.press('n');
	await page.locator('h1', { hasText: 'New job' }).waitFor();
	await page.setInputFiles('#new-file', csv('users.csv', 'user_id,name\n1234567890123456789,Ada\n1002,"Wang, 小明"\n'));
	await until('named after the file', async () => await page.inputValue('#new-name') === 'users');
	await page.fill('#new-url', 'https://api.example.com/users/');
	await button('user_id').click();
	assert.equal(await page.inputValue('#new-url'), 'https://api.example.com/users/{{user_id}}');
	await page.fill('#new-headers', 'Authorization: Bearer ${env:TOKEN}');
	await until('the first request', async () => /users\/1234567890123456789[\s\S]*\*\*\*[\s\S]*Ada/.test(await text('.preview')));
	await button('#2').click();
	assert.match(await text('.preview'), /Wang, 小明/);
	await page.selectOption('#new-key', 'user_id');
	await page.fill('#new-concurrency', '7');
	await page.fill('#new-canary', '1');
	await page.fill('#new-halt', '2.5');
	await page.getByText('A POST that may have arrived is not sent again').waitFor();
	await page.getByLabel(/Idempotency-Key/).check();
	assert.equal(await page.getByText('A POST that may have arrived').count(), 0);
	await button('Start the job').click();
	await page.locator('h1', { hasText: 'users' }).waitFor();
	const job = jobNamed('users');
	assert.deepEqual(job.spec, { name: 'users', key: 'user_id', limits: { concurrency: 7 }, canary: 1, halt: { failed_percent: 2.5 }, idempotency: true,
		request: { method: 'POST', url: 'https://api.example.com/users/{{user_id}}', headers: { Authorization: 'Bearer ${env:TOKEN}' } } });
	assert.deepEqual(job.items.map((item) => item.row), ['{"user_id": "1234567890123456789", "name": "Ada"}', '{"user_id": "1002", "name": "Wang, 小明"}']);
	assert.equal(job.state, 'running');
});

await test('a new job: pasted NDJSON, JSON template kept as typed; what is wrong is said at its field', async () => {
	await open('#/new');
	await button('Start the job').click();
	await page.getByText('Choose the items first.').waitFor();
	assert.ok(await page.evaluate(() => document.activeElement.id === 'new-name'), 'the first field that is wrong');
	await button('Paste').click();
	await page.fill('#new-text', '{"id": 1, "price": 0.10}\n{"id": 2, "price": 12.50}');
	assert.equal(await page.inputValue('#new-format'), 'ndjson');
	await page.fill('#new-name', '17');
	await page.getByText('not only digits').waitFor();
	await page.fill('#new-name', 'prices');
	await page.fill('#new-url', 'ftp://x');
	await page.locator('#new-url-words', { hasText: 'begins with http' }).waitFor();
	await page.fill('#new-url', 'https://api.example.com/prices');
	await page.selectOption('#new-body-kind', 'json');
	await page.fill('#new-body', '{"n": 1234567890123456789, "price": "{{price}}"');
	await page.locator('#new-body-words', { hasText: 'This is not valid' }).waitFor();
	await page.locator('.preview', { hasText: 'Template: This is not valid' }).waitFor();
	await page.fill('#new-body', '{"n": 1234567890123456789, "price": "{{price}}"}');
	await page.fill('#new-rate', '30 / m');
	await page.locator('.go summary').click();
	await page.locator('.go').getByRole('button', { name: 'Raw' }).click();
	assert.match(await text('.go code'), /"json": \{"n": 1234567890123456789, "price": "\{\{price\}\}"\}[\s\S]*"rate": "30\/m"/);
});

await test('a new job: rows pasted from a spreadsheet become CSV', async () => {
	await page.fill('#new-text', 'id\tname\tnote\n1\tAda\t"two\nlines"\n2\tWang, 小明\tsays "hi"\n');
	await until('CSV', async () => await page.inputValue('#new-text') === 'id,name,note\n1,Ada,"two\nlines"\n2,"Wang, 小明","says ""hi"""\n');
	assert.equal(await page.inputValue('#new-format'), 'csv');
	await page.fill('#new-text', '{"id": 1, "price": 0.10}\n{"id": 2, "price": 12.50}');
});

await test('a new job: a template that does not fit is explained; a refusal leaves the form as it was', async () => {
	browser.expected = [/400|409/];
	await page.fill('#new-url', 'https://api.example.com/{{nope}}');
	await until('the fault', async () => /no field 'nope'/.test(await text('.preview')));
	await button('price').waitFor(); // the fields are offered all the same
	await button('Start the job').click();
	await dialog.getByText(/no field 'nope'[\s\S]*fail without being sent/).waitFor();
	await dialog.getByRole('button', { name: 'Back' }).click();
	assert.equal(jobNamed('prices'), undefined, 'nothing was started');
	await page.fill('#new-url', 'https://api.example.com/prices');
	await until('mended', async () => /POST https/.test(await text('.preview')));
	await page.fill('#new-name', 'crm-import');
	await button('Start the job').click();
	await page.getByText('There is a job named “crm-import” already').waitFor();
	assert.match(await page.inputValue('#new-text'), /12\.50/);
	browser.expected = [];
});

await test('an item is edited: changes and request are shown first, the original is kept', async () => {
	const item = mock.jobs[0].items.find((one) => one.state === 'failed');
	const before = mock.jobs[0].input(item);
	await open(`#/jobs/1/items/${item.seq}`);
	await page.keyboard.press('e');
	await dialog.waitFor();
	assert.equal(await page.inputValue('#edit-amount'), '0.10');
	await page.fill('#edit-amount', '0.');
	await page.getByText('not valid JSON').waitFor();
	assert.equal(await dialog.getByRole('button', { name: 'Retry' }).isDisabled(), true);
	await page.fill('#edit-amount', '0.20');
	await page.fill('#edit-name', 'Ada "L"');
	await until('the changes', async () => /amount\s+0\.10\s+→\s+0\.20/.test(await text('.changes')));
	await until('the request', async () => /0\.20/.test(await dialog.locator('.response').innerText()));
	await dialog.getByRole('button', { name: 'As JSON' }).click();
	const shown = await dialog.locator('textarea').inputValue();
	assert.match(shown, new RegExp(`"user_id": 12345678901234567${String(item.seq).padStart(2, '0')}[\\s\\S]*"amount": 0\\.20`));
	await dialog.getByRole('button', { name: 'As JSON' }).click();
	await dialog.getByRole('button', { name: 'Retry' }).click();
	await page.getByText(`Item ${item.seq} will be tried again`).waitFor();
	assert.equal(item.original, before);
	assert.ok(item.row.includes('"amount": 0.20') && item.row.includes('"name": "Ada \\"L\\""'), item.row);
	await page.getByRole('heading', { name: 'Original input' }).waitFor();
	await page.locator('.panel-note', { hasText: 'Edited by this page' }).waitFor();
});

await test('a corrected file: differences first, then the changed items are tried again', async () => {
	const job = mock.jobs[0];
	await until('at rest', () => job.state === 'running' || job.state === 'finished');
	const [one, two] = job.items.filter((item) => item.state === 'failed');
	const done = job.items.find((item) => item.state === 'done');
	job.move(one, 'unknown');
	await open('#/jobs/1');
	await button('Upload corrections').click();
	await page.setInputFiles('#correct-file', csv('fixed.csv', `key,city\n${job.key(one)},Porto\n${job.key(two)},${JSON.parse(job.input(two)).city}\n${job.key(done)},Porto\nnobody,Porto\n`));
	await until('compared', async () => /Porto/.test(await text('.diffs')));
	assert.match((await text('.counts')).replace(/\s+/g, ' '), /rows 4 changed 1 the same 1 not found 1 not failed 1/);
	assert.match(await text('.diffs.is-short'), /the item is done[\s\S]*no item has this key/);
	assert.equal(one.row, undefined, 'nothing changed yet');
	await dialog.getByText('1 of them is unknown').waitFor();
	await button('Change and retry 1 item').click();
	await page.getByText('1 item corrected').waitFor();
	assert.ok(one.row.includes('"city": "Porto"'));
	assert.equal(two.row, undefined);
});

await test('the export is downloaded with the token, which stands in no address', async () => {
	await open('#/jobs/1');
	await button('Export').click();
	const [saved] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Download' }).click()]);
	assert.equal(saved.suggestedFilename(), 'orders-refund-failed.csv');
	assert.match(readFileSync(await saved.path(), 'utf8'), /^seq,key,state\n\d+,u-\d+,(failed|unknown)/);
	assert.ok(mock.requests.some((line) => /export\?format=csv&filter=state%3Afailed%2Cunknown/.test(line)));
	assert.equal(mock.requests.some((line) => line.includes(TOKEN)), false);
});

await test('the filter completes: terms, states, codes that occur, fields of the input; by keyboard', async () => {
	await open('#/jobs/5/items');
	await page.locator('tr[data-seq]').first().waitFor();
	await page.click('#filter');
	await page.keyboard.type('st');
	await page.getByRole('option', { name: /state:/ }).waitFor();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	assert.equal(await page.inputValue('#filter'), 'state:');
	await page.keyboard.type('fa');
	await page.keyboard.press('ArrowDown');
	assert.equal(await page.getAttribute('#filter', 'aria-activedescendant'), 'completion-0');
	await page.keyboard.press('Enter');
	await page.keyboard.type('-code:');
	await page.getByRole('option', { name: /1001/ }).click();
	await page.keyboard.type('cit');
	await page.getByRole('option', { name: /field\.city/ }).click();
	assert.equal(await page.inputValue('#filter'), 'state:failed -code:1001 field.city:');
	await page.fill('#filter', 'state:failed');
	await page.keyboard.press('Escape');
	await page.focus('#filter');
	await page.keyboard.press('Enter');
	await until('in the address', () => page.url().includes('filter=state%3Afailed'));
});

await test('sliders set the limits as soon as they are let go', async () => {
	await open('#/jobs/5');
	const slider = page.getByRole('slider', { name: 'Concurrency' });
	await slider.focus();
	await page.keyboard.press('Home');
	await until('set', () => mock.jobs[4].limits.concurrency === 1);
	await page.getByRole('slider', { name: 'Rate' }).focus();
	await page.keyboard.press('End');
	await until('no limit', () => mock.jobs[4].limits.rate === 0);
	// Keys on the way are not set, and nothing is set that is so already.
	const times = () => mock.jobs[4].events.filter(({ what }) => what === 'set').length;
	const before = times();
	await slider.focus();
	for (const key of ['End', 'ArrowLeft', 'Home', 'ArrowRight', 'ArrowRight', 'ArrowRight'])
		await page.keyboard.press(key);
	await until('three steps from the left', () => mock.jobs[4].limits.concurrency === 4);
	assert.equal(times(), before + 1);
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('ArrowLeft');
	await page.getByRole('slider', { name: 'Rate' }).focus();
	await page.keyboard.press('Home');
	await until('the rate', () => mock.jobs[4].limits.rate === 1);
	assert.equal(times(), before + 2);
	mock.jobs[4].limits = { ...mock.jobs[4].limits, concurrency: 30, rate: 50 };
});

await test('a bulk action says why; one under way is cancelled', async () => {
	await open('#/jobs/5');
	await page.locator('.cause-row').last().getByRole('button', { name: 'Retry group' }).click();
	await page.fill('#bulk-reason', 'prices were mended');
	await dialog.getByRole('button', { name: /^Retry \d+ items?$/ }).click();
	await until('told', () => mock.jobs[4].operations.at(-1)?.reason === 'prices were mended');
	mock.jobs[4].operations.push({ id: String(mock.jobs[4].operations.length + 1), action: 'retry', who: 'cli', created_at: new Date().toISOString(), finished_at: null, cancelled_at: null, reason: null, matched: 900, changed: 300, selection: 'state:failed', dry_run: false });
	await page.locator('.log-row', { hasText: '300 of 900' }).getByRole('button', { name: 'Cancel' }).click();
	await page.getByText('cancelled after 300 of 900').waitFor();
});

await test('a bulk retry says what may be done twice', async () => {
	const job = mock.jobs[4];
	const unknown = job.items.filter((item) => item.state === 'failed').slice(0, 2);
	for (const item of unknown)
		job.move(item, 'unknown');
	const ask = async (filter) => {
		await open(`#/jobs/5/items?filter=${filter}`);
		await page.getByLabel('Select all on this page').click();
		await button('Select all that match the filter').click();
		await button('Retry').click();
	};
	const may_repeat = dialog.getByText(/may do (it|them) twice/);
	await ask(`state:unknown seq:${unknown[0].seq}-${unknown[1].seq}`);
	await dialog.getByRole('button', { name: 'Retry 2 items' }).waitFor();
	await may_repeat.waitFor();
	assert.equal(await dialog.getByLabel(/Also those that are done/).count(), 0, 'none of them is done');
	await page.keyboard.press('Escape');
	await ask('state:failed');
	await dialog.getByRole('button', { name: /^Retry \d+ items?$/ }).waitFor();
	assert.equal(await may_repeat.count(), 0);
	await page.keyboard.press('Escape');
	for (const item of unknown)
		job.move(item, 'failed');
});

await test('a cancelled job: its items are not offered to be sent again', async () => {
	const job = mock.jobs[4];
	const { state } = job;
	job.state = 'cancelled';
	await open('#/jobs/5/items?filter=state:failed');
	await page.getByLabel('Select all on this page').click();
	await page.getByRole('toolbar').getByRole('button', { name: 'Skip' }).waitFor();
	assert.equal(await page.getByRole('toolbar').getByRole('button', { name: 'Retry' }).count(), 0);
	await page.keyboard.press('r');
	assert.equal(await dialog.count(), 0);
	job.state = state;
});

await test('a label is shown; a read-only server offers nothing that changes anything', async () => {
	const closed = await startMock({ jobs: mock.jobs, server: { label: 'prod <b>', read_only: true } });
	const other = await browser.page();
	await openAt(other, `${closed.url}#token=${TOKEN}`);
	await other.locator('.top-label', { hasText: 'prod <b>' }).waitFor();
	assert.match(await other.title(), /prod <b>/);
	const seq = mock.jobs[4].items.find((item) => item.state === 'failed').seq;
	for (const hash of ['#/jobs', '#/jobs/5', '#/jobs/5/items?filter=state:failed', `#/jobs/5/items/${seq}`]) {
		await openAt(other, closed.url + hash);
		await quiet(other);
		const names = await other.locator('main button, main a.button, main input[type=range]').evaluateAll((list) => list.map((one) => one.textContent.trim() || one.getAttribute('aria-label')));
		assert.deepEqual(names.filter((name) => /retry|skip|pause|cancel|new job|apply|upload|concurrency|rate|edit/i.test(name ?? '')), []);
		await other.keyboard.press('r');
		await other.keyboard.press('p');
		await other.keyboard.press('e');
		assert.equal(await other.getByRole('dialog').count(), 0);
	}
	assert.equal(closed.requests.some((line) => !line.startsWith('GET')), false);
	await other.close();
	await closed.stop();
});

await test('behind a path of a proxy: page, charts and calls stay below it', async () => {
	const behind = await startMock({ jobs: mock.jobs, server: { base_path: '/ops/sluice' } });
	const other = await browser.page();
	await openAt(other, `${behind.url}#token=${TOKEN}`);
	await other.locator('.job-row-name', { hasText: 'crm-import' }).click();
	await until('charts', async () => await other.locator('.chart canvas').count() === 4);
	assert.ok(behind.requests.every((line) => /^GET \/(api\/v1|[\w/]*\.\w+|$)/.test(line)), behind.requests.join());
	assert.ok(other.url().startsWith(behind.url));
	await other.close();
	await behind.stop();
});

await test('all along: no error in the console, nothing blocked by the policy, no other origin', () => {
	assert.deepEqual(browser.faults, []);
});

await browser.close();
await mock.stop();
finish();
