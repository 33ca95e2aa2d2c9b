import { util } from '@aws-appsync/utils';

export function request() {
  util.unauthorized();
}

export function response(ctx) {
  return ctx.result;
}
