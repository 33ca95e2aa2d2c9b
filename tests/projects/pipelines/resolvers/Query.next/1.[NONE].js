import { runtime } from '@aws-appsync/utils';
import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '1 request');
  runtime.earlyReturn('early');
}

export function response(ctx) {
  ran(ctx, '1 response');
  return ctx.result;
}
