import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '2 request');
  return { payload: ctx.error === null ? 'no error here' : 'the error lives on' };
}

export function response(ctx) {
  ran(ctx, '2 response');
  return ctx.result;
}
