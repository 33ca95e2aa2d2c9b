import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.http.addResponseHeaders(ctx.args.headers);
  return { payload: 'done' };
}

export function response(ctx) {
  return ctx.result;
}
