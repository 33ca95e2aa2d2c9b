import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.error('No document today.', 'Missing');
}

export function response(ctx) {
  return ctx.result;
}
