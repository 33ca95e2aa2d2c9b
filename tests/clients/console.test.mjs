// The page at `/` in a real browser: what a newcomer sees in the first minute.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './browser.mjs';
import { startSyncline } from './server.mjs';

const artifacts = fileURLToPath(new URL('artifacts/', import.meta.url));

let server;
let browser;
let page;

// What the page did wrong so far, and whom it asked apart from the server.
const complaints = [];
const strangers = [];

before(async () => {
  await mkdir(artifacts, { recursive: true });
  server = await startSyncline();
  browser = await openBrowser();
  page = await browser.context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => complaints.push(`page error: ${error.stack}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  await browser.context.route(
    (url) => url.protocol.startsWith('http') && url.origin !== server.url,
    (route) => {
      strangers.push(route.request().url());
      return route.abort();
    },
  );
  await page.goto(server.url);
});

after(async () => {
  await page?.screenshot({ path: `${artifacts}console-at-the-end.png` }).catch(() => {});
  await browser?.close();
  await server?.stop();
});

test('the binary carries the console', async () => {
  assert.equal(
    await page.locator('meta[name="syncline-console"][content="fallback"]').count(),
    0,
    'the binary serves its fallback page: run `npm ci && npm run build` in console/, then build the binary again',
  );
});

test('the first visit opens with the sample query of the project', async () => {
  const { name, defaultQuery } = await page.evaluate(() => window.__SYNCLINE__);
  assert.ok(defaultQuery, 'the server gives no sample query');
  assert.equal((await textOf('Query Editor')).trim(), defaultQuery.trim());
  assert.ok((await page.title()).startsWith(name), await page.title());
});

test('the schema is loaded and documented', async () => {
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const documentation = page.getByRole('region', { name: 'Documentation Explorer' });
  await documentation.getByRole('link', { name: 'Query', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
});

test('the sample query runs and gives data without errors', async () => {
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await page.getByRole('region', { name: 'Result Window' }).getByText('"data"').waitFor();
  const response = JSON.parse(await textOf('Result Window'));
  await page.screenshot({ path: `${artifacts}console.png` });
  assert.equal(response.errors, undefined, JSON.stringify(response.errors));
  assert.ok(response.data && Object.values(response.data).some((value) => value !== null), JSON.stringify(response));
});

test('nothing else was asked, and nothing complained', () => {
  assert.deepEqual(strangers, []);
  assert.deepEqual(complaints, []);
});

/** The whole text of an editor. CodeMirror draws only the visible lines, so the page's text would not do. */
async function textOf(region) {
  const editor = page.getByRole('region', { name: region }).locator('.CodeMirror').first();
  await editor.waitFor();
  return editor.evaluate((element) => element.CodeMirror.getValue());
}
