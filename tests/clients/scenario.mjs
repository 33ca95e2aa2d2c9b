// What a front end does with the shop, told once and run through every client: `ask` is the client's own call.

import assert from 'node:assert/strict';
import { test } from 'node:test';

/**
 * @param {string} client how tests name the client
 * @param {(document: string, variables?: object) => Promise<{ data: any, errors: { message: string, path?: any[] }[] }>} ask
 */
export function shopScenario(client, ask) {
  test(`${client}: a query with arguments, nested fields and an alias`, async () => {
    const { data, errors } = await ask(
      `query Ada($id: ID!) {
        user(id: $id) { id name tier }
        other: user(id: "u-bruno") { name orders(limit: 1) { items { orderId lines { product { name } } } } }
      }`,
      { id: 'u-ada' },
    );
    assert.deepEqual(errors, []);
    assert.equal(data.user.name, 'Ada Byrne');
    assert.ok(data.other.orders.items.every((order) => order.lines.length > 0));
  });

  test(`${client}: a mutation, and what it changed`, async () => {
    const id = `u-${client.replace(/\W/g, '').toLowerCase()}`;
    const input = { handle: id.slice(2), name: 'Neu', email: `${id}@example.com` };
    const created = await ask('mutation New($input: CreateUserInput!) { createUser(input: $input) { id name } }', { input });
    assert.deepEqual(created.errors, []);
    assert.equal(created.data.createUser.name, 'Neu');
    const seen = await ask('query Created($id: ID!) { user(id: $id) { id name } }', { id: created.data.createUser.id });
    assert.equal(seen.data.user.name, 'Neu');
    const renamed = await ask('mutation Rename($input: UpdateUserInput!) { updateUser(input: $input) { id name } }', {
      input: { id: created.data.createUser.id, name: 'Anders' },
    });
    assert.equal(renamed.data.updateUser.name, 'Anders');
    const gone = await ask('mutation Gone($id: ID!) { deleteUser(id: $id) { id } }', { id: created.data.createUser.id });
    assert.equal(gone.data.deleteUser.id, created.data.createUser.id);
  });

  test(`${client}: what is not there is null, without an error`, async () => {
    const { data, errors } = await ask('query Nobody { user(id: "u-nobody") { id name } }');
    assert.deepEqual(errors, []);
    assert.equal(data.user, null);
  });

  test(`${client}: an optional variable that is left out, and one that is null`, async () => {
    const document = 'query Page($token: String) { users(limit: 1, nextToken: $token) { items { id } } }';
    for (const variables of [{}, { token: null }]) {
      const { data, errors } = await ask(document, variables);
      assert.deepEqual(errors, []);
      assert.equal(data.users.items.length, 1);
    }
  });

  test(`${client}: an error of one field leaves the others`, async () => {
    const { data, errors } = await ask(
      'query Some { productsByIds(ids: ["p-sencha", "p-nothing"]) { id name } user(id: "u-ada") { id } }',
    );
    assert.equal(errors.length, 1);
    assert.deepEqual(errors[0].path, ['productsByIds']);
    assert.ok(errors[0].message.length > 0);
    if (data) {
      assert.equal(data.user.id, 'u-ada');
      assert.equal(data.productsByIds[1], null);
    }
  });

  test(`${client}: a document that the schema refuses is an error with its reason`, async () => {
    const { errors } = await ask('query Wrong { nothing }');
    assert.equal(errors.length, 1);
    assert.match(errors[0].message, /Field 'nothing' in type 'Query' is undefined/);
  });

  test(`${client}: pages until there are no more, nothing twice`, async () => {
    const document = 'query Users($token: String) { users(limit: 3, nextToken: $token) { items { id } nextToken } }';
    const ids = [];
    let token;
    let pages = 0;
    do {
      const { data, errors } = await ask(document, { token });
      assert.deepEqual(errors, []);
      ids.push(...data.users.items.map((user) => user.id));
      token = data.users.nextToken;
      pages += 1;
      assert.ok(pages < 50, 'the pages do not come to an end');
    } while (token);
    assert.ok(pages > 1);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.includes('u-ada'));
  });
}
