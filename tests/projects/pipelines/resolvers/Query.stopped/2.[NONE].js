import { util } from '@aws-appsync/utils';
import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '2 request');
  util.error('Stop here.', 'Stopped');
}

export function response(ctx) {
  ran(ctx, '2 response');
  return ctx.result;
}
