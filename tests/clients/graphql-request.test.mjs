// graphql-request against the shop, by POST and by GET.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ClientError, GraphQLClient } from 'graphql-request';
import { shopScenario } from './scenario.mjs';
import { startSyncline } from './server.mjs';

let server;
let client;

before(async () => {
  server = await startSyncline();
  client = new GraphQLClient(`${server.url}/graphql`, { errorPolicy: 'all' });
});

after(() => server?.stop());

shopScenario('graphql-request', async (document, variables) => {
  // It names the standard's media type first, so that a refused document is status 400, which it throws.
  const { data, errors } = await client.rawRequest(document, variables).catch((error) => {
    if (error instanceof ClientError) return error.response;
    throw error;
  });
  return { data, errors: errors ?? [] };
});

test('graphql-request: queries by GET', async () => {
  const methods = [];
  const getting = new GraphQLClient(`${server.url}/graphql`, {
    method: 'GET',
    jsonSerializer: { parse: JSON.parse, stringify: JSON.stringify },
    fetch: (url, options) => {
      methods.push(options.method);
      return fetch(url, options);
    },
  });
  const { user } = await getting.request('query Ada($id: ID!) { user(id: $id) { name } }', { id: 'u-ada' });
  assert.equal(user.name, 'Ada Byrne');
  assert.deepEqual(methods, ['GET']);
});
