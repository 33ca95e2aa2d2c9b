import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return { payload: { identity: ctx.identity, authType: util.authType() } };
}

export function response(ctx) {
  return ctx.result;
}
