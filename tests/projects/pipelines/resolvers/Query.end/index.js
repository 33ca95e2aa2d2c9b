import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, 'before');
}

export function response(ctx) {
  ran(ctx, 'after');
  return { ran: ctx.stash.ran, result: JSON.stringify([ctx.prev.result, ctx.result]) };
}
