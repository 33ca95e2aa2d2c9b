import { endpoint, realtimeEndpoint } from './config.js';

/**
 * One subscription on a socket of its own, as an observable: what GraphiQL takes from a fetcher.
 *
 * The protocol is AppSync's dialect of `graphql-ws`:
 * https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
 */
export function subscription(params, headers) {
  return { subscribe: (observer) => open(params, { ...headers, host: endpoint.host }, observer) };
}

function open(params, authorization, observer) {
  // Credentials travel as a subprotocol: unlike the query string it is not written to access logs.
  const socket = new WebSocket(realtimeEndpoint, ['graphql-ws', `header-${base64Url(authorization)}`]);
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const send = (message) => socket.send(JSON.stringify(message));
  let done = false;

  function finish(tell) {
    if (done) return;
    done = true;
    socket.close();
    tell?.();
  }

  const handlers = {
    connection_ack: () =>
      send({ id, type: 'start', payload: { data: JSON.stringify(params), extensions: { authorization } } }),
    data: (payload) => observer.next(payload),
    complete: () => finish(() => observer.complete()),
    error: refuse,
    connection_error: refuse,
  };

  // A refusal is an answer: the errors are shown as the response, and the subscription is over.
  function refuse(payload) {
    finish(() => {
      observer.next(payload);
      observer.complete();
    });
  }

  socket.onopen = () => send({ type: 'connection_init' });
  socket.onmessage = ({ data }) => {
    const { type, payload } = JSON.parse(data);
    // `start_ack` and `ka` need no answer.
    if (!done) handlers[type]?.(payload);
  };
  socket.onclose = ({ code }) => refuse({ errors: [{ message: `the connection to ${realtimeEndpoint} closed (code ${code})` }] });

  return {
    unsubscribe() {
      if (!done && socket.readyState === WebSocket.OPEN) send({ id, type: 'stop' });
      finish();
    },
  };
}

function base64Url(value) {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
