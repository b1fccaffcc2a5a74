// The page against the mock: what people do on it, and what must never happen.
import assert from 'node:assert/strict';
import { finish, openAt, openBrowser, test, until } from './browser.mjs';
import { startMock, TOKEN } from './mock.mjs';

const [FINISHED, PAUSED, , , LIVE] = ['1', '2', '3', '4', '5'];
let mock = await startMock();
const browser = await openBrowser();
const page = await browser.page();
const open = (hash) => openAt(page, mock.url + hash);
const text = (selector) => page.locator(selector).first().innerText();
const rows = page.locator('tr[data-seq]');
const button = (name) => page.getByRole('button', { name });
const posted = (pattern) => mock.requests.filter((line) => pattern.test(line));
const seqWith = (state) => mock.jobs[0].items.find((item) => item.state === state).seq;

await test('without a token: how to get it; a wrong one is refused; a pasted link opens', async () => {
	browser.expected = [/401/];
	await open('');
	assert.match(await text('main'), /This page needs its token/);
	await page.fill('#token', 'not-the-right-token');
	await button('Open').click();
	await page.getByText('The server does not know this token').waitFor();
	await page.fill('#token', `${mock.url}#token=${TOKEN}`);
	await button('Open').click();
	await page.locator('.job-row').first().waitFor();
	browser.expected = [];
});

await test('the token leaves the address, stays in the session, is handed to a new tab', async () => {
	await openAt(page, `${mock.url}#token=${TOKEN}`);
	await page.locator('.job-row').first().waitFor();
	assert.equal(new URL(page.url()).hash, '');
	await page.reload();
	await page.locator('.job-row').first().waitFor();
	const other = await browser.page();
	await other.goto(`${mock.url}#/jobs/${FINISHED}`);
	await other.locator('.progress-percent').waitFor();
	await other.close();
	assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('mock-token')), false);
	assert.equal(mock.requests.some((line) => line.includes(TOKEN)), false, 'never in a URL');
});

await test('the list shows every job, j and k walk it, Enter opens', async () => {
	await open('#/jobs');
	assert.equal(await page.locator('.job-row').count(), mock.jobs.length);
	assert.match(await text('.job-row'), /crm-import[\s\S]*running[\s\S]*Started/);
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	await page.keyboard.press('k');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'crm-import');
	await page.keyboard.press('Enter');
	await page.locator('h1', { hasText: 'crm-import' }).waitFor();
	await until('focus on the new view', () => page.evaluate(() => document.activeElement.tagName === 'MAIN'));
});

await test('keys work as soon as a view stands there', async () => {
	const tab = await browser.page();
	await tab.addInitScript(() => new MutationObserver((_, observer) => {
		if (!document.querySelector('.head-actions'))
			return;
		observer.disconnect();
		document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'e', bubbles: true }));
	}).observe(document, { subtree: true, childList: true }));
	await tab.goto(`${mock.url}#/jobs/${FINISHED}/items/${seqWith('failed')}`);
	await tab.locator('#edit-city').waitFor();
	await tab.close();
});

await test('a running job moves: percent, counts, charts; a table stands behind each chart', async () => {
	await open(`#/jobs/${LIVE}`);
	const done = async () => Number((await text('.legend-item.state-done b')).replace(/,/g, ''));
	const before = await done();
	await until('more done', async () => await done() > before + 50);
	assert.match(await text('.estimate'), /left$/);
	assert.match(await text('.tiles'), /Limited by\s+the rate limit/i);
	await until('four charts', async () => await page.locator('.chart canvas').count() === 4);
	await button('Show as table').first().click();
	const head = await page.locator('.chart-table').first().innerText();
	assert.match(head, /Time\s+done\s+failed\s+retried\s+429/);
	assert.ok(await page.locator('.chart-table tbody tr').count() > 10);
	await button('Show as chart').click();
	assert.equal(await page.locator('.chart-table').count(), 0);
});

await test('a chart of one sample shows it', async () => {
	const job = mock.jobs[0];
	const { samples } = job;
	job.samples = [samples[samples.length >> 1]];
	await open(`#/jobs/${FINISHED}`);
	await until('a dot', () => page.evaluate(() => {
		const canvas = document.querySelectorAll('.chart canvas')[1]; // latency: lines, nothing filled
		const wanted = document.createElement('canvas').getContext('2d');
		wanted.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--tone-a').trim();
		wanted.fillRect(0, 0, 1, 1);
		const [red, green, blue] = wanted.getImageData(0, 0, 1, 1).data;
		const { data } = canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
		for (let i = 0; i < data.length; i += 4)
			if (data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255)
				return true;
		return false;
	}));
	job.samples = samples;
	await open(`#/jobs/${LIVE}`);
});

await test('p pauses and resumes; the change is announced', async () => {
	await page.keyboard.press('p');
	await page.locator('.reason', { hasText: 'Paused by a person' }).waitFor();
	assert.equal(mock.jobs[4].state, 'paused');
	await until('announced', async () => /paused/.test(await page.locator('#announcer').innerText()));
	await page.keyboard.press('p');
	await button('Pause').waitFor();
	assert.equal(mock.jobs[4].state, 'running');
});

await test('a pause tells its reason and its end', async () => {
	await open(`#/jobs/${PAUSED}`);
	assert.match(await text('.reason'), /asked for a break \(429\) until \d\d:\d\d/);
	assert.match(await text('.reason'), /goes on by itself in \d/);
});

await test('limits are set while it runs; nonsense is not sent', async () => {
	await open(`#/jobs/${LIVE}`);
	await page.fill('#limit-rate', 'fast');
	assert.equal(await button('Apply').isDisabled(), true);
	await page.fill('#limit-rate', '2400 / m');
	await page.fill('#limit-concurrency', '12');
	await button('Apply').click();
	await page.getByText('Limits set').waitFor();
	assert.deepEqual([mock.jobs[4].limits.rate, mock.jobs[4].limits.concurrency], [40, 12]);
	await page.fill('#limit-rate', '');
	await button('Apply').click();
	await until('no limit', () => mock.jobs[4].limits.rate === 0);
	await page.getByText('no rate limit').waitFor();
	mock.jobs[4].limits.rate = 50;
});

await test('cancel asks first, and Escape means no', async () => {
	await button('Cancel job').click();
	await page.getByRole('dialog').waitFor();
	await page.keyboard.press('Escape');
	assert.equal(await page.getByRole('dialog').count(), 0);
	assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Cancel job', 'focus is back');
	assert.equal(mock.jobs[4].state, 'running');
	await button('Cancel job').click();
	await button('Cancel the job').click();
	await until('cancelled', () => mock.jobs[4].state === 'cancelled');
	mock.jobs[4].state = 'running';
});

await test('a cancelled job offers no retry: it sends nothing more', async () => {
	mock.jobs[0].state = 'cancelled';
	await open(`#/jobs/${FINISHED}`);
	await page.locator('.cause-row').first().waitFor();
	assert.equal(await page.locator('.cause-row').first().getByRole('link', { name: 'Items' }).count(), 1);
	assert.equal(await page.getByRole('button', { name: /Retry|Upload corrections/ }).count(), 0);
	mock.jobs[0].state = 'finished';
});

await test('long lists begin short, and show the rest when asked for', async () => {
	const job = mock.jobs[1];
	job.badRows.push(...Array.from({ length: 250 }, (_, i) => ({ row: String(i + 1), fault: '3 fields instead of 4', raw: 'x' })));
	job.operations.push(...Array.from({ length: 12 }, (_, i) => ({ id: String(i + 1), action: 'retry', who: 'cli', created_at: new Date().toISOString(), finished_at: new Date().toISOString(), cancelled_at: null, reason: null, matched: 1, changed: 1, selection: `seq:${i + 1}`, dry_run: false })));
	await open(`#/jobs/${PAUSED}`);
	const bad = page.getByRole('region', { name: 'bad rows' });
	const done = page.getByRole('region', { name: 'Bulk actions' });
	await until('a few', async () => await bad.locator('.log-row').count() === 8 && await done.locator('.log-row').count() === 5);
	assert.match(await done.locator('.log-row').first().innerText(), /seq:12/, 'the newest first');
	await bad.getByRole('button', { name: 'Show more' }).click();
	await until('all', async () => await bad.locator('.log-row').count() === 250);
	await bad.getByRole('button', { name: 'Show fewer' }).click();
	await until('a few again', async () => await bad.locator('.log-row').count() === 8);
	await done.getByRole('button', { name: 'Show all 12' }).click();
	await until('all operations', async () => await done.locator('.log-row').count() === 12);
});

await test('failures are grouped; retry group counts, asks, does', async () => {
	await open(`#/jobs/${FINISHED}`);
	const group = mock.jobs[0].groups()[0];
	await page.locator('.cause-row').first().getByRole('button', { name: 'Retry group' }).click();
	await button(`Retry ${group.count} items`).click();
	await page.getByText(`${group.count} items will be tried again`).waitFor();
	assert.equal(posted(/POST .*\/retry/).length, 2, 'a dry run and the deed');
	assert.equal(mock.jobs[0].groups().some((one) => one.id === group.id), false);
	await until('all done', async () => /100%/.test(await text('.progress-percent')));
});

await test('the job page shows failed items with cause and response', async () => {
	await page.locator('.failure').first().scrollIntoViewIfNeeded();
	assert.match(await text('.failure'), /^#\d+[\s\S]*failed/);
	await until('a response', async () => /1234567890123456789|code|No response/.test(await text('.failure .response-of')));
});

await test('the filter lives in the address; a bad one says what is wrong', async () => {
	await open(`#/jobs/${FINISHED}/items?filter=state%3Afailed`);
	await rows.first().waitFor();
	assert.equal(await page.inputValue('#filter'), 'state:failed');
	const states = await page.locator('.cell-state .chip').allInnerTexts();
	assert.ok(states.length > 0 && states.every((state) => state === 'failed'));
	browser.expected = [/400/];
	await page.fill('#filter', 'colour:red');
	await page.keyboard.press('Enter');
	await page.getByText("Unknown term “colour:red”").waitFor();
	assert.equal(await page.getAttribute('#filter', 'aria-invalid'), 'true');
	await page.goBack();
	await rows.first().waitFor();
	assert.equal(await page.inputValue('#filter'), 'state:failed');
	browser.expected = [];
	await page.locator('.filter-chip', { hasText: 'unknown' }).last().click();
	await until('in the address', () => page.url().includes('state%3Aunknown'));
});

await test('pages go by key: next, previous, first; back from an item, too', async () => {
	await open(`#/jobs/${FINISHED}/items`);
	await rows.first().waitFor();
	assert.ok(await button('Previous').isDisabled());
	await button('Next').click();
	await page.locator('tr[data-seq="101"]').waitFor();
	assert.ok(page.url().includes('after=100'));
	await button('Next').click();
	await page.locator('tr[data-seq="201"] .item-link').click();
	await page.locator('h1', { hasText: 'Item 201' }).waitFor();
	await page.goBack();
	await page.locator('tr[data-seq="201"]').waitFor();
	await button('Previous').click();
	await page.locator('tr[data-seq="101"]').waitFor();
	await button('Previous').click();
	await page.locator('tr[data-seq="1"]').waitFor();
	await button('Next').click();
	await page.locator('tr[data-seq="101"]').waitFor();
	await button('First').click();
	await page.locator('tr[data-seq="1"]').waitFor();
});

await test('rows are chosen by shift-click and by x; skip asks with the count', async () => {
	mock.jobs[4].command('pause', 'test'); // pending ones stay so
	await open(`#/jobs/${LIVE}/items?filter=state:pending`);
	await rows.first().waitFor();
	const boxes = rows.locator('input[type=checkbox]');
	await boxes.nth(90).click();
	await boxes.nth(93).click({ modifiers: ['Shift'] });
	assert.match(await text('.selection'), /4 selected/);
	await page.keyboard.press('Escape');
	assert.match(await text('.selection'), /Nothing selected/);
	await rows.nth(80).locator('.item-link').focus();
	await page.keyboard.press('j');
	await page.keyboard.press('x');
	assert.match(await text('.selection'), /1 selected/);
	await button('Skip').click();
	await button('Skip 1 item').click();
	await until('skipped', () => mock.jobs[4].counts.skipped === 1);
	mock.jobs[4].command('resume', 'test');
});

await test('all that match the filter: counted by the server, retried as one', async () => {
	await open(`#/jobs/${FINISHED}/items?filter=state:failed`);
	await rows.first().waitFor();
	const number = mock.jobs[0].counts.failed;
	await page.getByLabel('Select all on this page').click();
	await button('Select all that match the filter').click();
	await page.keyboard.press('r');
	await button(`Retry ${number} items`).click();
	await page.getByText(`${number} items will be tried again`).waitFor();
	assert.equal(mock.jobs[0].operations.at(-1).selection, 'state:failed');
	await until('none left', async () => /No item matches/.test(await text('main')));
});

await test('done items are sent again only behind a warning', async () => {
	await open(`#/jobs/${FINISHED}/items?filter=state:done`);
	await rows.first().locator('input[type=checkbox]').click();
	await page.keyboard.press('r');
	await page.getByText('This applies to none of them').waitFor();
	await page.getByText('Also those that are done').click();
	await button('Retry 1 item').waitFor();
	await button('Back').click();
});

await test('an item: exact numbers, attempts, timing, headers', async () => {
	const item = mock.jobs[2].items.find((one) => one.state === 'failed');
	await open(`#/jobs/3/items/${item.seq}`);
	const shown = await page.locator('.column-side .code pre').first().innerText();
	for (const part of [`12345678901234567${String(item.seq).padStart(2, '0')}`, '0.10', '1E-7'])
		assert.ok(shown.includes(part), `${part} in ${shown}`);
	await page.locator('.column-side').getByRole('button', { name: 'Raw' }).first().click();
	const seen = mock.jobs[2].input(item).replace(/[\u200f\u202e\u2066\ufeff]/g, (one) => `\\u${one.charCodeAt(0).toString(16)}`);
	assert.equal(await page.locator('.column-side .code pre').first().innerText(), seen);
	assert.match(await text('.attempt'), /Attempt \d[\s\S]*HTTP 500[\s\S]*wait \d+ ms[\s\S]*POST https/);
	await page.locator('.response summary').first().click();
	assert.match(await text('.headers'), /Content-Type: application\/json/);
	const done = mock.jobs[0].items.find((one) => one.state === 'done');
	await open(`#/jobs/1/items/${done.seq}`);
	const extracted = await page.locator('.column-side .code pre').nth(1).innerText();
	assert.ok(extracted.includes(String(9007199254740993n + BigInt(done.seq))) && extracted.includes('0.10'), extracted);
});

await test('an unknown item is resolved; a done one warns before a retry; curl is copied', async () => {
	const seq = seqWith('unknown');
	await open(`#/jobs/${FINISHED}/items/${seq}`);
	await button('It was done').click();
	await page.locator('.head .chip', { hasText: 'done' }).waitFor();
	assert.equal(mock.jobs[0].items[seq - 1].state, 'done');
	await page.keyboard.press('c');
	await page.getByText('Copied').waitFor();
	assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl -X POST 'https:\/\/api\.example\.com/);
	await page.keyboard.press('r');
	await page.getByText('would be sent once more').waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
	await page.getByText(`Item ${seq} will be tried again`).waitFor();
	await until('done again', () => mock.jobs[0].items[seq - 1].log.length > 1 && mock.jobs[0].items[seq - 1].state === 'done');
});

await test('/ goes to the filter, ? lists the keys, Tab shows where it is', async () => {
	await open(`#/jobs/${LIVE}`);
	await page.keyboard.press('/');
	await until('in the filter', () => page.evaluate(() => document.activeElement.id === 'filter'));
	await page.keyboard.type('j/?');
	assert.equal(await page.inputValue('#filter'), 'j/?', 'no shortcuts while typing');
	await page.keyboard.press('Escape');
	await page.keyboard.press('?');
	await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
	await page.keyboard.press('Escape');
	await open('#/jobs');
	for (let i = 0; i < 8; i++) {
		await page.keyboard.press('Tab');
		const outline = await page.evaluate(() => {
			const at = document.activeElement;
			const drawn = [getComputedStyle(at), getComputedStyle(at, '::after')].some((style) => parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== 'none');
			return at === document.body || drawn ? null : at.outerHTML.slice(0, 120);
		});
		assert.equal(outline, null);
	}
});

await test('the server goes and comes back: a banner, no reload, it recovers', async () => {
	browser.expected = [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to load/];
	await open(`#/jobs/${LIVE}`);
	await page.locator('.progress-percent').waitFor();
	await page.evaluate(() => { window.sameDocument = true; });
	const { port, jobs } = mock;
	await mock.stop();
	await page.getByText('Connection lost, retrying').waitFor();
	assert.match(await text('.progress-percent'), /%/, 'the last figures stay');
	mock = await startMock({ port, jobs });
	await until('banner gone', async () => await page.locator('.banner').count() === 0);
	assert.equal(await page.evaluate(() => window.sameDocument), true);
	browser.expected = [];
});

// A tab whose time stands still but for clock.runFor(), in a browser of its own:
// the clock is all tabs'.
async function openStill(hash) {
	const still = await openBrowser();
	const tab = await still.page();
	await tab.clock.install();
	await openAt(tab, `${mock.url}#token=${TOKEN}`);
	await tab.locator('.job-row').first().waitFor();
	await openAt(tab, mock.url + hash);
	await tab.locator('.progress-percent').waitFor();
	await tab.clock.pauseAt(Date.now() + 3600000);
	tab.leave = async () => {
		await still.close();
		assert.deepEqual(still.faults, []);
	};
	return tab;
}

await test('a hidden page asks nothing; seen again it asks at once', async () => {
	const tab = await openStill(`#/jobs/${LIVE}`);
	const hide = (hidden) => tab.evaluate((value) => {
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
		document.dispatchEvent(new Event('visibilitychange'));
	}, hidden);
	await page.goto('about:blank'); // it would ask, too
	await hide(true);
	await tab.clock.runFor(2000); // what was asked before has its answer
	await tab.waitForLoadState('networkidle');
	const before = mock.requests.length;
	await tab.clock.runFor(600000);
	assert.deepEqual(mock.requests.slice(before), []);
	await hide(false);
	await until('asked', () => mock.requests.length > before);
	await tab.leave();
});

await test('polling: 1 s while it runs, 5 s when it does not', async () => {
	await page.goto('about:blank');
	const asked = (id) => posted(new RegExp(`^GET /api/v1/jobs/${id}$`)).length;
	// From one question to the next: never less than the truth, and more only
	// where an answer takes long.
	const period = async (id) => {
		const tab = await openStill(`#/jobs/${id}`);
		const next = async () => {
			const before = asked(id);
			for (let passed = 0; ; passed += 100) {
				if (asked(id) > before)
					return passed;
				await tab.clock.runFor(100);
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		};
		await next();
		const found = await next();
		await tab.leave();
		return found;
	};
	const live = await period(LIVE);
	assert.ok(live >= 1000 && live < 5000, `live: ${live}`);
	const idle = await period(PAUSED);
	assert.ok(idle >= 5000, `idle: ${idle}`);
});

await test('no job yet: the one-liner', async () => {
	const { jobs } = mock;
	mock.jobs = [];
	await open('#/jobs');
	assert.match(await text('.command'), /^sluice run https/);
	mock.jobs = jobs;
});

await test('an address that leads nowhere, a job that is gone', async () => {
	await open('#/jobs');
	await open('#/nowhere');
	assert.match(await text('main'), /nothing at this address/);
	assert.match(await page.title(), /^There is nothing at this address/);
	browser.expected = [/404/];
	await page.goto(`${mock.url}#/jobs/999`);
	await page.getByText('There is no such thing here').waitFor();
	await browser.leave(page);
});

await test('all along: no error in the console, nothing blocked by the policy, no other origin', () => {
	assert.deepEqual(browser.faults, []);
});

await browser.close();
await mock.stop();
finish();
