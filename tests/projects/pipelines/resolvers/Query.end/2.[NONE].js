import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '2 request');
  return { payload: 'two' };
}

export function response(ctx) {
  ran(ctx, '2 response');
  return ctx.result;
}
