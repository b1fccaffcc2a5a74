// Text from outside stays text, wherever it is shown; every text of the page
// is there in both languages.
import assert from 'node:assert/strict';
import { finish, openAt, openBrowser, quiet, test, until } from './browser.mjs';
import { startMock, TOKEN } from './mock.mjs';
import { demoJobs, HOSTILE, UNSEEN, wideJob } from './mock_jobs.mjs';

const mock = await startMock();
const [JOB, index] = ['3', 2];
const seq = mock.jobs[index].items.find((item) => item.state === 'failed').seq;
const unknown = mock.jobs[index].items.find((item) => item.state === 'unknown').seq;
const VIEWS = {
	jobs: '#/jobs', job: `#/jobs/${JOB}`, items: `#/jobs/${JOB}/items?filter=state:failed&show=responses`,
	item: `#/jobs/${JOB}/items/${seq}`, 'unknown item': `#/jobs/${JOB}/items/${unknown}`, live: '#/jobs/5',
};
const browser = await openBrowser();
const page = await browser.page();
await openAt(page, `${mock.url}#token=${TOKEN}`);
const open = async (hash) => {
	await openAt(page, mock.url + hash);
	await quiet(page);
	await page.evaluate(() => document.querySelector('.failure, .response-of')?.scrollIntoView()); // fetched when seen
	await quiet(page);
	await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
};
const shown = () => page.locator('body').innerText();
const HEART = '<img src=x onerror="window.hacked=1">';

async function clean() {
	assert.equal(await page.evaluate(() => window.hacked), undefined);
	assert.equal(await page.locator('img, #app script, [onerror]').count(), 0);
	// But for what is edited, which is exact.
	const texts = await page.evaluate(() => [document.title, ...[...document.querySelectorAll('body *')].flatMap((element) => [
		...['title', 'aria-label', 'placeholder'].map((name) => element.getAttribute(name) ?? ''),
		...element.matches('textarea') ? [] : [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data)])]);
	assert.deepEqual(texts.filter((text) => UNSEEN.test(text)), []);
}

for (const [name, hash] of Object.entries(VIEWS))
	await test(`hostile text is text: ${name}`, async () => {
		await open(hash);
		if (name !== 'live')
			for (const part of [HEART, '\\u202e\\u200f\\u2066\\ufeff'])
				assert.ok((await shown()).includes(part), part);
		await clean();
	});

await test('hostile text is text: job name, reason, log, bad rows, causes', async () => {
	await open(VIEWS.job);
	for (const place of ['h1', '.crumbs', '.reason', '.log-row', '.bad-row-raw', '.cause-message', '.cause-code', '.failure', '.response-of code', '.headers'])
		await until(`in ${place}`, async () => (await page.locator(place).allInnerTexts()).join().includes(HEART));
	assert.ok((await page.title()).includes(HEART));
});

await test('hostile text is text: key, input, request line, body, headers', async () => {
	await open(VIEWS.item);
	for (const place of ['.head-key', '.tok-string', '.request-line', '.attempt-message', '.response code', '.headers'])
		assert.ok((await page.locator(place).allInnerTexts()).join().replaceAll('\\"', '"').includes(HEART), place);
});

await test('hostile text is text: dialogs, operations, error messages', async () => {
	await open(VIEWS.job);
	await page.getByRole('button', { name: 'Cancel job' }).click();
	assert.ok((await page.getByRole('dialog').innerText()).includes(HEART));
	await page.getByRole('button', { name: 'Back' }).click();
	await page.getByRole('button', { name: 'Retry group' }).first().click();
	await until('in the dialog', async () => (await page.getByRole('dialog').innerText()).includes(HEART));
	await page.keyboard.press('Escape');
	mock.jobs[index].operations.push({ id: '1', action: HOSTILE, who: HOSTILE, created_at: new Date().toISOString(), finished_at: null, matched: 2, changed: 1, selection: HOSTILE });
	browser.expected = [/400/];
	await open(VIEWS.job);
	await page.locator('#operations-title').waitFor();
	await open(`#/jobs/${JOB}/items?filter=${encodeURIComponent(`x:${HEART.replaceAll(' ', '')}`)}`);
	await until('the error', async () => (await page.locator('.problem').innerText()).includes('<img'));
	await clean();
	await browser.leave(page);
});

await test('hostile text is text: an item edited, its request, a file of corrections, a pasted new job', async () => {
	await open(VIEWS.item);
	await page.keyboard.press('e');
	await page.fill('#edit-city', HEART);
	await until('the change', async () => (await page.locator('.changes').innerText()).replaceAll('\\"', '"').includes(HEART));
	await clean();
	await open(VIEWS.job);
	await page.getByRole('button', { name: 'Upload corrections' }).click();
	await page.setInputFiles('#correct-file', { name: `${HEART}.csv`, mimeType: 'text/csv', buffer: Buffer.from(`key,city\n"${HOSTILE.replaceAll('"', '""')}${seq}",${HEART.replaceAll('"', '')}\n<img src=y>,x\n`) });
	await until('what is left alone', async () => (await page.locator('.diffs.is-short').innerText()).includes('<img src=y>'));
	await clean();
	await page.keyboard.press('Escape');
	await open('#/new');
	await page.getByRole('button', { name: 'Paste' }).click();
	await page.fill('#new-text', `{${JSON.stringify(HEART)}: ${JSON.stringify(HEART)}}\n`);
	await page.fill('#new-url', 'https://api.example.com/');
	await until('the field offered', async () => (await page.locator('.insert').innerText()).includes(HEART));
	await until('the preview', async () => (await page.locator('.preview').innerText()).replaceAll('\\"', '"').includes(HEART));
	await clean();
});

await test('what is not seen is shown, and is exact where it is copied or edited', async () => {
	const key = `${HOSTILE}${seq}`;
	await open(VIEWS.item);
	assert.equal(await page.locator('.head-key .unseen').innerText(), '\\u202e\\u200f\\u2066\\ufeff');
	assert.ok(mock.jobs[index].key({ seq }) === key && UNSEEN.test(key));
	await page.locator('.column-side .code').first().getByRole('button', { name: /^Copy/ }).click();
	await page.getByText('Copied').first().waitFor();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), mock.jobs[index].input(mock.jobs[index].items[seq - 1]));
	await page.keyboard.press('e');
	assert.equal(await page.inputValue('#edit-name'), HOSTILE);
	await page.keyboard.press('Escape');
});

await test('an address full of markup', async () => {
	browser.expected = [/404/];
	await page.goto(`${mock.url}#/jobs/${encodeURIComponent(HEART)}/items?filter=${encodeURIComponent(HEART)}&show=${encodeURIComponent(HEART)}`);
	await until('shown', async () => (await shown()).includes('<img'));
	await clean();
	await browser.leave(page);
});

await test('long texts: no view and no dialog is wider than its window', async () => {
	const wide = await startMock({ jobs: [...demoJobs(), wideJob()], server: { label: 'w'.repeat(200) } });
	const { items } = wide.jobs.at(-1);
	const at = (state) => `#/jobs/6/items/${items.find((item) => item.state === state).seq}`;
	const press = (name) => page.getByRole('button', { name }).first().click();
	const views = [['#/jobs'], ['#/jobs/6'], ['#/jobs/6/items'], ['#/jobs/6/items?filter=state:failed&show=responses'],
		[`#/jobs/6/items?filter=${'w'.repeat(1000)}`], [at('failed')], [at('unknown')], ['#/jobs/6', () => press('Cancel job')],
		['#/jobs/6', () => press('Retry group')], [at('failed'), () => page.keyboard.press('e')], ['#/jobs/6/items', async () => {
			await page.locator('#filter').click();
			await page.keyboard.type('code:');
		}]];
	browser.expected = [/400/];
	await openAt(page, `${wide.url}#token=${TOKEN}`);
	const over = [];
	for (const width of [390, 1280]) {
		await page.setViewportSize({ width, height: 900 });
		for (const [hash, act] of views) {
			await openAt(page, wide.url + hash);
			await quiet(page);
			await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
			await act?.();
			await quiet(page);
			over.push(...await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.dialog-body, .table-panel, .completions')]
				.filter((element) => element.scrollWidth > element.clientWidth + 1).map((element) => `${element.className || 'page'}: ${element.scrollWidth} px`))
				.then((found) => found.map((one) => `${width} px, ${hash.slice(0, 60)}: ${one}`)));
		}
	}
	await browser.leave(page);
	await page.setViewportSize({ width: 1280, height: 900 });
	await wide.stop();
	assert.deepEqual(over, []);
	await openAt(page, `${mock.url}#token=${TOKEN}`);
});

await test('中文: chosen, kept, and complete on every view', async () => {
	await open('#/jobs');
	await page.selectOption('.select', 'zh');
	await page.locator('h1', { hasText: '任务' }).waitFor();
	await page.reload();
	await page.locator('h1', { hasText: '任务' }).waitFor();
	assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
	const known = /^(sluice|English|中文|HTTP|API|p50|p95|p99|429|\/|×|·|–|#?[\d.,:%]+|s|m|h)$/i;
	for (const hash of ['#/new', '#/jobs/5', '#/jobs/1/items?filter=state:failed,unknown', `#/jobs/1/items/${mock.jobs[0].items.find((item) => item.state === 'unknown').seq}`]) {
		await open(hash);
		const labels = await page.locator('h1, h2, h3, button, dt, th, .chip, .filter-chip, .legend-name, label span, summary').allInnerTexts();
		const latin = labels.filter((label) => label.trim() && !/[\u4e00-\u9fff]/.test(label) && !label.split(/\s+/).every((word) => known.test(word) || /^u-\d+$/.test(word) || word === 'crm-import'));
		assert.deepEqual(latin, []);
	}
});

await test('the language follows the browser', async () => {
	const chinese = await openBrowser({ locale: 'zh-CN' });
	const tab = await chinese.page();
	await openAt(tab, `${mock.url}#token=${TOKEN}`);
	await tab.locator('h1', { hasText: '任务' }).waitFor();
	assert.deepEqual(chinese.faults, []);
	await chinese.close();
});

await test('all along: no error in the console, nothing blocked by the policy, no other origin', () => {
	assert.deepEqual(browser.faults, []);
});

await browser.close();
await mock.stop();
finish();
