// Amplify's templates at work: every schema here becomes a project, and `cases/` says what three users and a client with
// an API key may do with it. Needs `npm ci` in this folder.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { binary, startSyncline } from '../server.mjs';
import { comparable, parseCases, withAnswers } from './cases.mjs';
import { NAMES, generate } from './generate.mjs';
import { startIssuer } from './issuer.mjs';
import { USER_POOL } from './transform.mjs';

const API_KEY = 'da2-amplifyamplifyamplifyampl';

const USERS = {
  ada: { sub: '00000000-0000-4000-8000-00000000ada0', username: 'ada' },
  bruno: { sub: '00000000-0000-4000-8000-0000000b2010', username: 'bruno', groups: ['editors'] },
  clara: { sub: '00000000-0000-4000-8000-00000000c1a2', username: 'clara', groups: ['admins'] },
};

let issuer;
let folder;

before(async () => {
  issuer = await startIssuer(USER_POOL);
  folder = mkdtempSync(join(tmpdir(), 'syncline-amplify-'));
});

after(async () => {
  await issuer?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

for (const name of NAMES) {
  const cases = new URL(`cases/${name}.graphql`, import.meta.url);
  runProject(name, parseCases(readFileSync(cases, 'utf8')), true);
  runProject(name, parseCases(readFileSync(cases, 'utf8')), false);
}

function runProject(name, steps, withIndex) {
  const templates = withIndex ? "with its pipelines' own templates" : 'with the default templates of pipelines';
  describe(`${name}, ${templates}`, () => {
    const project = () => join(folder, `${name}-${withIndex}`);
    const answers = [];
    let server;

    before(async () => {
      generate(name, project(), { settings: settings(), withIndex });
    });

    after(() => server?.stop());

    test('check finds nothing', () => {
      const { status, stdout, stderr } = spawnSync(binary, ['check', '--project', project()], { encoding: 'utf8' });
      assert.equal(status, 0, stdout + stderr);
    });

    test('the server starts', async () => {
      server = await startSyncline(project());
    });

    for (const [index, step] of steps.entries()) {
      test(`${index + 1}. ${step.as}: ${step.title}`, async () => {
        const variables = withAnswers(step.variables, answers);
        const answer = await ask(server, step.as, { query: step.document, variables });
        answers[index] = answer;
        const [actual, expected] = comparable(answer, step);
        assert.deepEqual(actual, expected, JSON.stringify(answer, null, 2));
      });
    }
  });
}

/** How to sign in: with tokens of our own issuer, or with the API key. */
function settings() {
  return {
    authentication: {
      type: 'AMAZON_COGNITO_USER_POOLS',
      config: { userPoolId: USER_POOL, awsRegion: 'eu-central-1', defaultAction: 'ALLOW', endpoint: issuer.url },
    },
    additionalAuthentications: [{ type: 'API_KEY' }, { type: 'AWS_IAM' }],
    apiKeys: [{ name: 'web', value: API_KEY }],
  };
}

async function ask(server, who, operation) {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...credentials(who) },
    body: JSON.stringify(operation),
  });
  return response.json();
}

function credentials(who) {
  if (who === 'nobody') return {};
  if (who === 'key') return { 'x-api-key': API_KEY };
  if (!(who in USERS)) throw new Error(`nobody is called ${who}`);
  return { authorization: issuer.token(USERS[who]) };
}
