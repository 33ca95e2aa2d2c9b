import { node } from './nodes.js';

export function request(ctx) {
  return { payload: node(ctx.source.id) };
}

export function response(ctx) {
  return ctx.result;
}
