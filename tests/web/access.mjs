// For everyone: axe-core on every view and dialog, both themes, wide and narrow;
// nothing runs over a phone's edge; less motion where that is asked for.
import assert from 'node:assert/strict';
import { axe, finish, openAt, openBrowser, quiet, test } from './browser.mjs';
import { startMock, TOKEN } from './mock.mjs';

const mock = await startMock();
const seq = (job, state) => mock.jobs[job].items.find((item) => item.state === state).seq;
const click = (name) => (page) => page.getByRole('button', { name }).first().click();
const VIEWS = [
	['jobs', '#/jobs'],
	['running job', '#/jobs/5'],
	['job, charts as tables', '#/jobs/5', click(/Show as table|以表格显示/)],
	['paused job', '#/jobs/2'],
	['halted job', '#/jobs/3'],
	['importing job', '#/jobs/4'],
	['items with responses', '#/jobs/1/items?filter=state:failed,unknown&show=responses'],
	['items chosen', '#/jobs/1/items', (page) => page.locator('thead input').click()],
	['failed item', `#/jobs/1/items/${seq(0, 'failed')}`],
	['unknown item', `#/jobs/1/items/${seq(0, 'unknown')}`],
	['edit dialog', `#/jobs/1/items/${seq(0, 'failed')}`, (page) => page.keyboard.press('e')],
	['new job', '#/new'],
	['new job, pasted', '#/new', async (page) => {
		await page.getByRole('button', { name: /Paste|粘贴/ }).click();
		await page.fill('#new-text', 'user_id\n1\n');
		await page.fill('#new-url', 'https://api.example.com/{{user_id}}');
		await page.locator('.preview').getByText('POST').first().waitFor();
	}],
	['filter with completions', '#/jobs/1/items', (page) => page.locator('#filter').click().then(() => page.keyboard.type('s'))],
	['export dialog', '#/jobs/1', click(/^Export$|^导出$/)],
	['corrections dialog', '#/jobs/1', async (page) => {
		await click(/Upload corrections|上传更正/)(page);
		await page.setInputFiles('#correct-file', { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(`key,city\n${mock.jobs[0].key(mock.jobs[0].items[seq(0, 'failed') - 1])},Porto\nnobody,x\n`) });
		await page.locator('.diffs').first().waitFor();
	}],
	['shortcuts', '#/jobs', (page) => page.keyboard.press('?')],
	['retry dialog', '#/jobs/1', click(/Retry group|重试这一组/)],
	['cancel dialog', '#/jobs/5', click(/Cancel job|取消任务/)],
	['nothing there', '#/nowhere'],
];
const LOOKS = [
	{ width: 1280, theme: 'light', locale: 'en-GB' }, { width: 1280, theme: 'dark', locale: 'zh-CN' },
	{ width: 390, theme: 'light', locale: 'zh-CN' }, { width: 390, theme: 'dark', locale: 'en-GB' },
];

for (const look of LOOKS) {
	const browser = await openBrowser({ ...look, motion: 'reduce' });
	const page = await browser.page();
	const label = `${look.width} px, ${look.theme}, ${look.locale}`;
	await test(`axe: no token (${label})`, async () => {
		await openAt(page, mock.url);
		assert.deepEqual(await axe(page), []);
	});
	await openAt(page, `${mock.url}#token=${TOKEN}`);
	for (const [name, hash, act] of VIEWS)
		await test(`axe: ${name} (${label})`, async () => {
			await openAt(page, mock.url + hash);
			await quiet(page);
			await act?.(page);
			await quiet(page);
			assert.equal(await page.getAttribute('html', 'data-theme'), look.theme);
			assert.deepEqual(await axe(page), []);
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the window');
		});
	await test(`less motion, and the theme can be switched (${label})`, async () => {
		await page.goto(`${mock.url}#/jobs`);
		await page.locator('.chip').first().waitFor();
		assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.chip.state-running'), '::before').animationName), 'none');
		const other = look.theme === 'dark' ? 'light' : 'dark';
		await page.locator('.top-tools .icon-button').first().click();
		assert.equal(await page.getAttribute('html', 'data-theme'), other);
		await page.reload();
		assert.equal(await page.getAttribute('html', 'data-theme'), other);
		assert.deepEqual(browser.faults, []);
	});
	await browser.close();
}
await mock.stop();
finish();
