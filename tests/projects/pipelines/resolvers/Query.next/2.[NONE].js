import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '2 request');
  return { payload: `after ${ctx.prev.result}` };
}

export function response(ctx) {
  ran(ctx, '2 response');
  return ctx.result;
}
