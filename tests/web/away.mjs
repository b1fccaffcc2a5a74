// While the server is away: what cannot be done says so in the reader's words, and
// is asked anew when it is back.
import assert from 'node:assert/strict';
import { finish, openAt, openBrowser, test, until } from './browser.mjs';
import { startMock, TOKEN } from './mock.mjs';

const [FINISHED, LIVE] = ['1', '5'];
let mock = await startMock();
const { port, url } = mock;
const browser = await openBrowser();
const page = await browser.page();
const dialog = page.getByRole('dialog');
const button = (name) => page.getByRole('button', { name });
let away = false;
const leave = () => { away = true; return mock.stop(); };
const back = async () => { mock = await startMock({ port, jobs: mock.jobs }); away = false; };
// There again, too, where a test before this one ended half way.
const open = async (hash) => {
	if (away)
		await back();
	await openAt(page, url + hash);
};
const gone = (selector) => until(`no ${selector}`, async () => await page.locator(selector).count() === 0);
const AWAY = 'The server cannot be reached';
const ACTED = `${AWAY}. The action may or may not have been carried out`;
const job = mock.jobs[0];
const chosen = job.items.filter((item) => item.state === 'failed').slice(0, 3);

async function skipChosen() {
	const failed = chosen.filter((item) => item.state === 'failed');
	await open(`#/jobs/${FINISHED}/items?filter=state:failed`);
	for (const { seq } of failed)
		await page.locator(`tr[data-seq="${seq}"] input`).click();
	await button('Skip').click();
	await button(`Skip ${failed.length} items`).waitFor();
}

browser.expected = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to load/];
await openAt(page, `${url}#token=${TOKEN}`);

await test('a bulk action is cut off: it may have been done, so it is counted anew', async () => {
	await skipChosen();
	await leave();
	await button('Skip 3 items').click();
	await dialog.getByText(ACTED).waitFor();
	assert.equal(await dialog.locator('.button.is-primary').isDisabled(), true, 'not by a count of before');
	job.move(chosen[0], 'done');
	await back();
	await button('Skip 2 items').waitFor();
	assert.equal(await dialog.getByText(AWAY).count(), 0);
});

await test('its count is cut off: that changes nothing, and is counted anew', async () => {
	await page.keyboard.press('Escape');
	await leave();
	await button('Skip').click();
	await dialog.getByText(AWAY).waitFor();
	assert.equal(await dialog.getByText('may or may not').count(), 0);
	await back();
	await button('Skip 2 items').waitFor();
	await page.keyboard.press('Escape');
});

await test('a bulk action under way is followed beyond a restart', async () => {
	const act = job.act;
	job.act = (...args) => Object.assign(act.apply(job, args), args[1].dry_run ? {} : { finished_at: null, changed: 1 });
	await skipChosen();
	await button('Skip 2 items').click();
	await dialog.getByText('1 of 2').waitFor();
	await leave();
	await page.locator('.banner').waitFor();
	await back();
	await gone('.banner');
	assert.equal(await dialog.getByText(AWAY).count(), 0);
	Object.assign(job.operations.at(-1), { finished_at: new Date().toISOString(), changed: 2 });
	await page.locator('.toast', { hasText: '2 items' }).waitFor();
	assert.equal(await dialog.count(), 0);
	delete job.act;
});

for (const [what, go, then] of [['the server is back', back, () => {}], ['another view is opened', () => page.locator('.crumbs a').first().click(), back]])
	await test(`a pause is not done: the note goes when ${what}`, async () => {
		await open(`#/jobs/${LIVE}`);
		await button('Pause').waitFor();
		await leave();
		await button('Pause').click();
		await page.locator('.toast.is-error', { hasText: ACTED }).waitFor();
		assert.doesNotMatch(await page.locator('.toasts').innerText(), /fetch|did not work/);
		await go();
		await gone('.toast');
		await then();
		await gone('.banner');
	});

await test('limits, an edit, an export: in words, and over when it is back', async () => {
	await open(`#/jobs/${LIVE}`);
	await page.fill('#limit-concurrency', '7');
	await leave();
	await button('Apply').click();
	await page.locator('.limits').getByText(ACTED).waitFor();
	await button('Export').click();
	await dialog.getByRole('button').last().click();
	await dialog.getByText(AWAY).waitFor();
	await back();
	await gone('.problem');
	await page.keyboard.press('Escape');
	await open(`#/jobs/${FINISHED}/items/${chosen[1].seq}`);
	await leave();
	await page.keyboard.press('e');
	await dialog.getByText(AWAY).waitFor();
	await back();
	await dialog.getByText('api.example.com').first().waitFor();
	await page.keyboard.press('Escape');
});

await test('where no view asks by itself, the preview comes back, too; 中文', async () => {
	await open('#/new');
	await page.selectOption('.select', 'zh');
	await leave();
	await page.getByRole('button', { name: '粘贴' }).click();
	await page.fill('#new-text', 'user_id\n1\n');
	await page.fill('#new-url', 'https://api.example.com/{{user_id}}');
	await page.locator('.preview').getByText('无法连接服务器').waitFor();
	await back();
	await page.locator('.preview').getByText('api.example.com/1').first().waitFor();
	await gone('.banner');
});

await browser.leave(page);
await test('all along: no other error in the console, no other origin', () => assert.deepEqual(browser.faults, []));
await browser.close();
await mock.stop();
finish();
