import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '3 request');
  return { payload: 'three' };
}

export function response(ctx) {
  ran(ctx, '3 response');
  return ctx.result;
}
