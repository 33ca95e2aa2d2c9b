// Stands for Lambda's runtime: the event on standard input, the answer, or an error in Lambda's form, on standard output.
import { readFileSync } from 'node:fs';

export function serve(handler) {
  try {
    process.stdout.write(JSON.stringify(handler(JSON.parse(readFileSync(0, 'utf8'))) ?? null));
  } catch (error) {
    process.stdout.write(JSON.stringify({ errorType: error.name, errorMessage: error.message }));
    process.exitCode = 1;
  }
}
