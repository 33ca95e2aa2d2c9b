// Apollo Client 4 against the shop: the common scenario, its cache, and automatic persisted queries.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { shopScenario } from './scenario.mjs';
import { startSyncline } from './server.mjs';

let server;
let client;

const newClient = (link) => new ApolloClient({ link, cache: new InMemoryCache() });

before(async () => {
  server = await startSyncline();
  client = newClient(new HttpLink({ uri: `${server.url}/graphql` }));
});

after(() => server?.stop());

shopScenario('Apollo Client', async (document, variables) => {
  const operation = gql(document);
  const isMutation = operation.definitions[0].operation === 'mutation';
  const options = { errorPolicy: 'all', fetchPolicy: 'network-only', variables };
  const { data, error } = isMutation
    ? await client.mutate({ errorPolicy: 'all', mutation: operation, variables })
    : await client.query({ ...options, query: operation });
  assert.ok(!error || CombinedGraphQLErrors.is(error), String(error));
  return { data, errors: error?.errors ?? [] };
});

test('Apollo Client: its cache joins what two queries say about one object', async () => {
  await client.query({ query: gql('{ user(id: "u-ada") { id name } }') });
  await client.query({ query: gql('{ user(id: "u-ada") { id tier } }') });
  const ada = client.readFragment({ id: 'User:u-ada', fragment: gql('fragment Ada on User { id name tier }') });
  assert.equal(ada.name, 'Ada Byrne');
  assert.ok(ada.tier);
});

test('Apollo Client: interfaces and unions are told apart by their type names', async () => {
  const { data } = await client.query({
    query: gql(`{
      user: node(id: "u-ada") { id ... on User { name } }
      product: node(id: "p-sencha") { id ... on Product { price } }
      search(text: "tea") { ... on Product { id name } ... on Review { productId title } }
    }`),
  });
  assert.equal(data.user.__typename, 'User');
  assert.equal(data.product.__typename, 'Product');
  assert.ok(data.search.length > 0);
  assert.ok(data.search.every((found) => ['Product', 'Review'].includes(found.__typename)));
});

test('Apollo Client: automatic persisted queries send a document once', async () => {
  const bodies = [];
  const link = new HttpLink({
    uri: `${server.url}/graphql`,
    fetch: (url, options) => {
      bodies.push(JSON.parse(options.body));
      return fetch(url, options);
    },
  });
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const hashing = () => newClient(new PersistedQueryLink({ sha256 }).concat(link));
  const query = gql('query PersistedAda { user(id: "u-ada") { id name } }');
  for (const persistent of [hashing(), hashing()]) {
    const { data } = await persistent.query({ query });
    assert.equal(data.user.name, 'Ada Byrne');
  }
  assert.deepEqual(
    bodies.map((body) => 'query' in body),
    [false, true, false],
  );
});
