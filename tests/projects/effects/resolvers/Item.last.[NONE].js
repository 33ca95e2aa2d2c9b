import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.http.addResponseHeader('x-last', ctx.source.id);
  return { payload: ctx.source.id };
}

export function response(ctx) {
  return ctx.result;
}
