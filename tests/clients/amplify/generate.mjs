// `node generate.mjs FOLDER [NAME…]` writes the projects that the tests run, to look at them or to run them by hand.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeProject } from './project.mjs';
import { transform } from './transform.mjs';

const schemas = fileURLToPath(new URL('schemas/', import.meta.url));

/** Names of the schemas here. */
export const NAMES = readdirSync(schemas).map((file) => file.replace('.graphql', '')).sort();

/** Writes the project of one schema; see `writeProject`. */
export function generate(name, folder, options) {
  const schema = readFileSync(join(schemas, `${name}.graphql`), 'utf8');
  writeProject(folder, name, transform(name, schema), options);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...names] = process.argv.slice(2);
  if (!folder) {
    console.error('usage: node generate.mjs FOLDER [NAME…]');
    process.exit(2);
  }
  for (const name of names.length ? names : NAMES) generate(name, join(folder, name));
}
