// The GraphQL-over-HTTP specification's own audits. A MUST or SHOULD that fails is a failure here; every MAY that we
// decline is listed with its reason.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startSyncline } from './server.mjs';

const DECLINED = {
  // AppSync ignores `extensions`, whatever it holds (its own clients send some), and so do we.
  '58B0': 'MAY use 400 status code on string {extensions} parameter',
  '58B1': 'MAY use 400 status code on number {extensions} parameter',
  '58B2': 'MAY use 400 status code on boolean {extensions} parameter',
  '58B3': 'MAY use 400 status code on array {extensions} parameter',
};

let server;

before(async () => {
  server = await startSyncline();
});

after(() => server?.stop());

for (const audit of serverAudits({ url: () => `${server.url}/graphql` })) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    if (audit.id in DECLINED) {
      assert.equal(result.status, 'notice', 'this is done now; take it off the list');
      assert.equal(audit.name, DECLINED[audit.id]);
    } else {
      assert.equal(result.status, 'ok', result.reason);
    }
  });
}
