// A user pool of our own: real keys, real tokens, and the two documents that Cognito serves.

import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const KEY_ID = 'first';
const CLIENT = 'web';

/**
 * Starts an issuer on a free port. It stands for `https://cognito-idp.<region>.amazonaws.com`.
 *
 * @param {string} userPool its id
 * @returns {Promise<{ url: string, token: (user: { sub: string, username: string, groups?: string[] }) => string,
 *   stop: () => Promise<void> }>}
 */
export async function startIssuer(userPool) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }];
  let issuer;
  const documents = {
    [`/${userPool}/.well-known/jwks.json`]: () => ({ keys }),
    [`/${userPool}/.well-known/openid-configuration`]: () => ({
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ['RS256'],
    }),
  };
  const server = createServer((request, response) => {
    const document = documents[request.url];
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ? document() : {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  issuer = `${url}/${userPool}`;

  const token = ({ sub, username, groups }) => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      sub,
      iss: issuer,
      aud: CLIENT,
      token_use: 'id',
      'cognito:username': username,
      ...(groups && { 'cognito:groups': groups }),
      auth_time: now,
      iat: now,
      exp: now + 3_600,
    };
    return sign({ alg: 'RS256', kid: KEY_ID, typ: 'JWT' }, claims, privateKey);
  };
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url, token, stop };
}

function sign(header, claims, privateKey) {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
}
