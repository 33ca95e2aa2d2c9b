import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.error('No document today.');
}

export function response(ctx) {
  return ctx.result;
}
