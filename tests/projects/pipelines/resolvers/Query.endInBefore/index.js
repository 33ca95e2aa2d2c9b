import { runtime } from '@aws-appsync/utils';
import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, 'before');
  runtime.earlyReturn({ from: 'before' }, ctx.args.how ? { skipTo: ctx.args.how } : undefined);
}

export function response(ctx) {
  ran(ctx, 'after');
  return { ran: ctx.stash.ran, result: JSON.stringify([ctx.prev.result, ctx.result]) };
}
