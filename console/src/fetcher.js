import { getOperationAST } from 'graphql';
import { defaultHeaders, endpoint } from './config.js';
import { subscription } from './realtime.js';

/** Runs an operation for GraphiQL: subscriptions over AppSync's WebSocket protocol, everything else as a POST. */
export function fetcher(params, { headers, documentAST } = {}) {
  // GraphiQL asks for the schema before its headers editor exists.
  if (params.operationName === 'IntrospectionQuery') headers ??= defaultHeaders;
  const operation = documentAST && getOperationAST(documentAST, params.operationName);
  return operation?.operation === 'subscription' ? subscription(params, headers) : post(params, headers);
}

async function post(params, headers) {
  const sent = new Headers(headers);
  sent.set('accept', 'application/json');
  sent.set('content-type', 'application/json');
  try {
    const response = await fetch(endpoint, { method: 'POST', headers: sent, body: JSON.stringify(params) });
    const text = await response.text();
    // A proxy in between, or no Syncline at all: show what came instead of a complaint about JSON.
    return parsed(text) ?? failure(`${endpoint} answered ${response.status} without JSON: ${text.slice(0, 500)}`);
  } catch (error) {
    return failure(`no answer from ${endpoint}: ${error.message}`);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A failure of the transport in the shape of a response; GraphiQL would show a thrown error with its stack. */
function failure(message) {
  return { errors: [{ message }] };
}
