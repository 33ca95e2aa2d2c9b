import { titleOf } from './titles.js';

export function request(ctx) {
  return { payload: { id: '1', title: titleOf(ctx.source) } };
}

export function response(ctx) {
  return ctx.result;
}
