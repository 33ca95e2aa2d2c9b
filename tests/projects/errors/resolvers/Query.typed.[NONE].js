import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.error('Not yours.', 'Forbidden', null, { code: 7 });
}

export function response(ctx) {
  return ctx.result;
}
