import { util } from '@aws-appsync/utils';
import { add } from './added.js';

export function request(ctx) {
  return add(ctx);
}

export function response(ctx) {
  util.http.addResponseHeader('x-response', ctx.result.id);
  return ctx.result;
}
