// Chromium for the tests, and a small runner: one line a test.
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const require = createRequire(join(process.env.WEB_TESTS_MODULES, 'here.js'));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// How long what must come may take: only a test that fails waits so long.
const PATIENCE_MS = 30000;
// How many times slower a page is to be, to find tests that hold on a fast machine only.
const SLOWER = Number(process.env.WEB_TESTS_SLOWER ?? 1);
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync'];

// A fresh profile; page(): a new tab that takes note of what must not happen.
export async function openBrowser({ width = 1280, height = 900, theme = 'light', locale = 'en-GB', motion = 'no-preference' } = {}) {
	const profile = mkdtempSync(join(tmpdir(), 'sluice-web-'));
	const context = await chromium.launchPersistentContext(profile, {
		executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS,
		viewport: { width, height }, colorScheme: theme, locale, reducedMotion: motion,
		permissions: ['clipboard-read', 'clipboard-write'],
	});
	context.setDefaultTimeout(PATIENCE_MS);
	const faults = [];
	const browser = {
		context, faults,
		expected: [], // patterns of console errors that a test provokes
		async page() {
			const page = await context.newPage();
			if (SLOWER > 1)
				await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
			page.on('console', (message) => {
				const text = message.text();
				if (message.type() === 'error' && !browser.expected.some((pattern) => pattern.test(text)))
					faults.push(`console: ${text}`);
			});
			page.on('pageerror', (error) => faults.push(`page error: ${error.stack}`));
			page.unanswered = new Set();
			for (const end of ['requestfinished', 'requestfailed'])
				page.on(end, (request) => page.unanswered.delete(request));
			page.on('request', (request) => {
				page.unanswered.add(request);
				const { protocol, hostname } = new URL(request.url());
				if (!/^(data|blob|about):$/.test(protocol) && hostname !== '127.0.0.1')
					faults.push(`request to another origin: ${request.url()}`);
			});
			return page;
		},
		// Ends what expected allowed.  The page is left first: one that still
		// asks at its address would be told so once more.
		async leave(page) {
			await page.goto('about:blank');
			browser.expected = [];
		},
		async close() {
			await context.close();
			rmSync(profile, { recursive: true, force: true });
		},
	};
	return browser;
}

// Opens an address anew, as if typed into a fresh tab, until its view stands there.
export async function openAt(page, address) {
	await page.goto('about:blank');
	await page.goto(address);
	await page.locator('h1').waitFor();
}

// Until what the view asked for is there and drawn.  A view that asks on is quiet
// in between.
export async function quiet(page) {
	await until('quiet', async () => {
		if (page.unanswered.size)
			return false;
		await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(drawn)))));
		return !page.unanswered.size;
	});
}

// What axe-core finds wrong, one line each.  Evaluated from outside, so the
// page's own policy stays as strict as it is.
export async function axe(page) {
	// Half way from disabled to enabled a colour is neither's.
	await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished.catch(() => {}))));
	await page.evaluate(AXE);
	const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
	return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.failureSummary})`));
}

// Waits until probe() answers something true, and answers that.
export async function until(what, probe, timeout_ms = PATIENCE_MS) {
	const end = Date.now() + timeout_ms;
	for (;;) {
		const value = await probe();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`in ${timeout_ms} ms not: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const suite = basename(process.argv[1], '.mjs');
let failures = 0;

export async function test(name, body) {
	try {
		await body();
		console.log(`ok ${suite}: ${name}`);
	} catch (error) {
		failures++;
		console.log(`not ok ${suite}: ${name}\n#   ${(error.stack ?? String(error)).replace(/\n/g, '\n#   ')}`);
	}
}

export function finish() {
	process.exit(failures ? 1 : 0);
}
