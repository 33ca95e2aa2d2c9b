// urql against the shop.

import { after, before } from 'node:test';
import { Client, fetchExchange, gql } from '@urql/core';
import { shopScenario } from './scenario.mjs';
import { startSyncline } from './server.mjs';

let server;
let client;

before(async () => {
  server = await startSyncline();
  client = new Client({ url: `${server.url}/graphql`, exchanges: [fetchExchange], preferGetMethod: false });
});

after(() => server?.stop());

shopScenario('urql', async (document, variables = {}) => {
  const operation = gql(document);
  const isMutation = operation.definitions[0].operation === 'mutation';
  const result = isMutation ? await client.mutation(operation, variables) : await client.query(operation, variables);
  if (result.error?.networkError) throw result.error.networkError;
  return { data: result.data, errors: result.error?.graphQLErrors ?? [] };
});
