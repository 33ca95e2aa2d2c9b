import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

// The sandbox needs privileges that containers lack; the others keep Chromium from talking to anyone but us.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium with a new, empty profile: every visit is a first visit. */
export async function openBrowser() {
  const profile = await mkdtemp(join(tmpdir(), 'syncline-chromium-'));
  const removeProfile = () => rm(profile, { recursive: true, force: true, maxRetries: 3 });
  try {
    const viewport = { width: 1280, height: 800 };
    const context = await chromium.launchPersistentContext(profile, { executablePath, args, headless: true, viewport });
    return { context, close: () => context.close().finally(removeProfile) };
  } catch (error) {
    await removeProfile();
    throw new Error(`Chromium does not start from ${executablePath}: install it or set CHROMIUM`, { cause: error });
  }
}
