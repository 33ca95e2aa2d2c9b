import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.http.addResponseHeader('x-request-2', 'yes');
  return { payload: '2' };
}

export function response(ctx) {
  util.http.addResponseHeaders({ 'x-response-2': 'yes', 'x-stage': 2 });
  return ctx.result;
}
