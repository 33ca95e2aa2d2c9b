import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.http.addResponseHeader('x-before', 1);
  util.http.addResponseHeader('x-stage', 'before');
  return {};
}

export function response(ctx) {
  util.http.addResponseHeader('x-after', 4);
  util.http.addResponseHeader('X-Stage', 'after');
  return ctx.result;
}
