import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.appendError('Look out.', 'Remark');
  util.unauthorized();
}

export function response(ctx) {
  return ctx.result;
}
