import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../', import.meta.url));
export const binary = process.env.SYNCLINE_BIN ?? `${repository}target/debug/syncline`;

/**
 * Starts `syncline dev` on a free port, with tables in memory, for the project of this repository (or another one).
 * Resolves when `/health` answers. Call `stop` when done.
 */
export async function startSyncline(project = repository) {
  const port = await freePort();
  const server = spawn(binary, ['dev', '--project', project, '--memory', '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  server.stdout.on('data', (chunk) => (output += chunk));
  server.stderr.on('data', (chunk) => (output += chunk));
  // Settles when the process is gone, or never came: `spawn` reports a missing binary as an event.
  const gone = new Promise((resolve) => {
    server.once('error', (error) => resolve(String(error)));
    server.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  // The last resort, for a test run that ends without `stop`.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);

  const stop = async () => {
    server.kill('SIGTERM');
    const patience = setTimeout(kill, 5_000);
    await gone;
    clearTimeout(patience);
    process.removeListener('exit', kill);
  };

  const url = `http://127.0.0.1:${port}`;
  const problem = await Promise.race([healthy(url), gone]);
  if (problem) {
    await stop();
    throw new Error(`${binary} did not come up: ${problem}\n${output}`);
  }
  return { url, stop };
}

/** Waits until `/health` answers 200; resolves with a reason if it does not. */
async function healthy(url, patience_ms = 30_000) {
  const end = Date.now() + patience_ms;
  while (Date.now() < end) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    if (response?.ok) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return `no 200 from ${url}/health within ${patience_ms / 1000} s`;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
