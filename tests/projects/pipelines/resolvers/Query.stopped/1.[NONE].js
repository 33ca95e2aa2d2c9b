import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '1 request');
  return { payload: 'one' };
}

export function response(ctx) {
  ran(ctx, '1 response');
  return ctx.result;
}
