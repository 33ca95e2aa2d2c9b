// Amplify's own GraphQL client (v6) against the shop, with an API key and with a user pool's JWT: what an app that
// talked to AppSync keeps using.

import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Amplify } from '@aws-amplify/core';
import { generateClient } from '@aws-amplify/api-graphql/internals';
import { startIssuer } from './amplify/issuer.mjs';
import { shopScenario } from './scenario.mjs';
import { repository, startSyncline } from './server.mjs';

const POOL = 'local_Shop';
const API_KEY = 'da2-abcdefghijklmnopqrstuvwxyz';
const ADA = { sub: '7a3f', username: 'ada', groups: ['staff'] };

let issuer;
let folder;
let server;
let client;

/** The sample project with `authentication`; types may be seen by both, `deleteProduct` by staff alone. */
async function shopThatAsksWhoYouAre() {
  folder = await mkdtemp(join(tmpdir(), 'syncline-shop-'));
  for (const name of ['resolvers', 'seed']) await cp(join(repository, name), join(folder, name), { recursive: true });
  const configuration = await readFile(join(repository, 'syncline.yaml'), 'utf8');
  await writeFile(
    join(folder, 'syncline.yaml'),
    `${configuration}
authentication: { type: API_KEY }
apiKeys: [{ name: web, value: ${API_KEY} }]
additionalAuthentications:
  - type: AMAZON_COGNITO_USER_POOLS
    config: { userPoolId: ${POOL}, endpoint: '${issuer.url}' }
`,
  );
  const schema = await readFile(join(repository, 'schema.graphql'), 'utf8');
  const opened = schema
    .replace(/^(type (?!Subscription)\w+(?: implements [\w &]+)?) \{/gm, '$1 @aws_api_key @aws_cognito_user_pools {')
    .replace(/(deleteProduct\(.*\): Product)/, '$1 @aws_cognito_user_pools(cognito_groups: ["staff"])');
  await writeFile(join(folder, 'schema.graphql'), opened);
  return folder;
}

before(async () => {
  issuer = await startIssuer(POOL);
  server = await startSyncline(await shopThatAsksWhoYouAre());
  const endpoint = `${server.url}/graphql`;
  const idToken = { toString: () => issuer.token(ADA), payload: {} };
  Amplify.configure(
    { API: { GraphQL: { endpoint, region: 'eu-west-1', defaultAuthMode: 'apiKey', apiKey: API_KEY } } },
    { Auth: { tokenProvider: { getTokens: async () => ({ accessToken: idToken, idToken }) } } },
  );
  client = generateClient({ amplify: Amplify });
});

after(async () => {
  await server?.stop();
  await issuer?.stop();
  if (folder) await rm(folder, { recursive: true });
});

// The client throws the body of an answer with errors.
const asking = (options) => async (query, variables) => {
  const { data, errors } = await client.graphql({ query, variables, ...options }).catch((answer) => {
    if (answer.errors) return answer;
    throw answer;
  });
  return { data, errors: errors ?? [] };
};

shopScenario('Amplify with an API key', asking({ authMode: 'apiKey' }));
shopScenario('Amplify with a token', asking({ authMode: 'userPool' }));

const DELETE = 'mutation { deleteProduct(id: "p-nothing") { id } }';

test('Amplify with an API key: what is for a group is denied, in the words of AppSync', async () => {
  const { data, errors } = await asking({ authMode: 'apiKey' })(DELETE);
  assert.equal(data.deleteProduct, null);
  assert.equal(errors[0].errorType, 'Unauthorized');
  assert.equal(errors[0].message, 'Not Authorized to access deleteProduct on type Mutation');
});

test('Amplify with a token: its group may', async () => {
  const { data, errors } = await asking({ authMode: 'userPool' })(DELETE);
  assert.deepEqual(errors, []);
  assert.equal(data.deleteProduct, null);
});

test('Amplify with a wrong API key is not let in', async () => {
  const { errors } = await asking({ authMode: 'apiKey', apiKey: 'da2-wrong' })('{ __typename }');
  assert.match(JSON.stringify(errors), /not authorized|Unauthorized|401/i);
});
