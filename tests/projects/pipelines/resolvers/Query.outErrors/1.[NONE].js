import { util } from '@aws-appsync/utils';
import { ran } from '../steps.js';

export function request(ctx) {
  ran(ctx, '1 request');
  util.appendError('From 1.', 'Remark');
  return { payload: 'one' };
}

export function response(ctx) {
  ran(ctx, '1 response');
  return ctx.result;
}
