// Case files: operations one after the other, with who asks and what they get. `cases/README.md` says how they are written.

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} as who asks
 * @property {object} variables
 * @property {string} document
 * @property {any} data of the answer
 * @property {object[]} errors of the answer; each with the members that matter
 * @property {string[]} unordered places in `data` of lists that DynamoDB returns in no order of ours
 */

/** @returns {Step[]} */
export function parseCases(text) {
  return text.split(/^# ---$/m).map(parseStep);
}

function parseStep(text) {
  const step = { title: '', as: undefined, variables: {}, document: '', data: undefined, errors: [], unordered: [] };
  for (const line of text.trim().split('\n')) {
    const [, name, value] = /^# (as|variables|data|errors|unordered): (.*)$/.exec(line) ?? [];
    if (name === 'as') step.as = value;
    else if (name === 'unordered') step.unordered.push(value);
    else if (name) step[name] = parseJson(name, value);
    else if (line.startsWith('# ')) step.title += `${step.title && ' '}${line.slice(2)}`;
    else step.document += `${line}\n`;
  }
  for (const needed of ['title', 'as', 'document', 'data']) {
    if (step[needed] === undefined || step[needed] === '') throw new Error(`a step has no ${needed}:\n${text}`);
  }
  return step;
}

function parseJson(name, value) {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new Error(`${name}: ${error.message}: ${value}`);
  }
}

/** Puts parts of earlier answers in: `"$1/data/listNotes/nextToken"` is what the answer of step 1 has there. */
export function withAnswers(value, answers) {
  if (Array.isArray(value)) return value.map((item) => withAnswers(item, answers));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withAnswers(item, answers)]));
  }
  const [, number, path] = /^\$(\d+)\/(.*)$/.exec(value) ?? [];
  if (number === undefined) return value;
  const found = at(answers[number - 1], path);
  if (found === undefined) throw new Error(`step ${number} has nothing at ${path}`);
  return found;
}

/**
 * An answer in the form that its step expects, so that the two can be compared: unordered lists are sorted, `"*"` stands
 * for whatever is there, and of errors only what the step mentions is left.
 */
export function comparable(answer, step) {
  const data = structuredClone(answer.data ?? null);
  const expected = structuredClone(step.data);
  for (const path of step.unordered) {
    for (const side of [data, expected]) at(side, path)?.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  const wanted = byPath(step.errors);
  const errors = byPath(answer.errors ?? []).map((error, index) => {
    const keys = Object.keys(wanted[index] ?? error);
    return Object.fromEntries(keys.map((key) => [key, error[key]]));
  });
  return [{ data: masked(data, expected), errors }, { data: expected, errors: wanted }];
}

/** Fields beside each other fail in no order of ours. */
function byPath(errors) {
  const path = (error) => JSON.stringify(error.path ?? []);
  return errors.toSorted((a, b) => (path(a) < path(b) ? -1 : 1));
}

function masked(actual, expected) {
  if (expected === '*' && actual !== null && actual !== undefined) return '*';
  if (typeof actual !== 'object' || actual === null || typeof expected !== 'object' || expected === null) return actual;
  if (Array.isArray(actual)) return actual.map((item, index) => masked(item, expected[index]));
  return Object.fromEntries(Object.entries(actual).map(([key, item]) => [key, masked(item, expected[key])]));
}

function at(value, path) {
  return path.split('/').reduce((part, key) => part?.[key], value);
}
