// operator_paint.mjs URL JOB: first contentful paint of the pages of a job, in ms, the
// median of five each.  URL: with its token.  WEB_TESTS_MODULES: where playwright-core is.
import { openBrowser } from '../web/browser.mjs';

const [link, job] = process.argv.slice(2);
const origin = new URL(link).origin;
const browser = await openBrowser();
const page = await browser.page();
await page.goto(link);
await page.locator('.job-row').first().waitFor();
for (const [name, hash, there] of [['jobs', '#/jobs', '.job-row'], ['job', `#/jobs/${job}`, '.progress-percent'],
	['items', `#/jobs/${job}/items`, 'tr[data-seq]'], ['failed', `#/jobs/${job}/items?filter=state:failed`, 'tr[data-seq]']]) {
	const paints = [], fulls = [];
	for (let i = 0; i < 5; i++) {
		await page.goto('about:blank');
		await page.goto(`${origin}/${hash}`);
		await page.locator(there).first().waitFor();
		const [paint, full] = await page.evaluate(() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.now()]);
		paints.push(paint);
		fulls.push(full);
	}
	const middle = (list) => Math.round(list.sort((a, b) => a - b)[2]);
	console.log(`${name} ${middle(paints)} ${middle(fulls)}`);
}
await browser.close();
process.exit(0);
