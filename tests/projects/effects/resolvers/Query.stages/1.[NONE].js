import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.http.addResponseHeader('x-request-1', 'yes');
  return { payload: '1' };
}

export function response(ctx) {
  util.http.addResponseHeaders({ 'x-response-1': 'yes', 'x-stage': 1 });
  return ctx.result;
}
