// Amplify's own GraphQL client (v6) against the shop: what an app that talked to AppSync keeps using.

import { after, before } from 'node:test';
import { Amplify } from '@aws-amplify/core';
import { generateClient } from '@aws-amplify/api-graphql/internals';
import { shopScenario } from './scenario.mjs';
import { startSyncline } from './server.mjs';

let server;
let client;

before(async () => {
  server = await startSyncline();
  Amplify.configure({
    API: { GraphQL: { endpoint: `${server.url}/graphql`, region: 'eu-west-1', defaultAuthMode: 'apiKey', apiKey: 'da2-local' } },
  });
  client = generateClient({ amplify: Amplify });
});

after(() => server?.stop());

shopScenario('Amplify with an API key', async (document, variables) => {
  // It throws the body of an answer with errors.
  const { data, errors } = await client.graphql({ query: document, variables }).catch((answer) => {
    if (answer.errors) return answer;
    throw answer;
  });
  return { data, errors: errors ?? [] };
});
