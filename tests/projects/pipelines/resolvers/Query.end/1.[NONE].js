import { runtime } from '@aws-appsync/utils';
import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '1 request');
  runtime.earlyReturn('the end', { skipTo: 'END' });
}

export function response(ctx) {
  ran(ctx, '1 response');
  return ctx.result;
}
