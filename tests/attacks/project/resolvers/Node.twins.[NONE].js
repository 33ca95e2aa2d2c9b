import { node } from './nodes.js';

export function request() {
  return { payload: Array.from({ length: 10 }, (_, n) => node(`${n}`)) };
}

export function response(ctx) {
  return ctx.result;
}
