import { large } from './nodes.js';

export function request() {
  return { payload: large('1') };
}

export function response(ctx) {
  return ctx.result;
}
