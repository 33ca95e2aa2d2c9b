import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '2 request');
  return { payload: ctx.outErrors.map((error) => error.message) };
}

export function response(ctx) {
  ran(ctx, '2 response');
  return ctx.result;
}
