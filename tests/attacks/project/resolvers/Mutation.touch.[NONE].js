import { node } from './nodes.js';

export function request(ctx) {
  return { payload: node(ctx.args.id ?? '1') };
}

export function response(ctx) {
  return ctx.result;
}
