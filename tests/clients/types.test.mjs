// `syncline types` in the eyes of TypeScript: handlers that must compile, and lines that must not.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binary, repository } from './server.mjs';

const clients = fileURLToPath(new URL('.', import.meta.url));
const scratch = `${clients}artifacts/types/`;

before(async () => {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
});

test('handlers in TypeScript and JavaScript compile, wrong ones do not', async () => {
  const folder = `${scratch}handlers/`;
  await cp(`${clients}types/`, folder, { recursive: true });
  assert.equal(run(binary, ['types', '--project', repository, '--out', `${folder}syncline.d.ts`]), '');
  assert.equal(compile(folder), '');
});

test('the declarations of every schema compile', async () => {
  const folder = `${scratch}schemas/`;
  await mkdir(folder);
  await cp(`${clients}types/tsconfig.json`, `${folder}tsconfig.json`);
  const schemas = `${repository}tests/types/`;
  const files = (await readdir(schemas)).filter((file) => file.endsWith('.d.ts'));
  assert.ok(files.length >= 3, `only ${files} found`);
  for (const file of files) await cp(`${schemas}${file}`, `${folder}${file}`);
  assert.equal(compile(folder), '');
});

/** What the type checker says about a folder; nothing when it finds nothing. */
function compile(folder) {
  return run(process.execPath, [`${clients}node_modules/typescript/bin/tsc`, '--pretty', 'false', '-p', folder]);
}

/** What a program prints to stdout. */
function run(program, options) {
  const { error, stdout, stderr } = spawnSync(program, options, { encoding: 'utf8' });
  assert.ifError(error);
  return stdout + (stderr.startsWith('error') ? stderr : '');
}
