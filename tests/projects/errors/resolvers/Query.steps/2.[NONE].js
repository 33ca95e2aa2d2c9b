import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.appendError('request 2', 'Step');
  return { payload: { id: '2' } };
}

export function response(ctx) {
  util.appendError('response 2', 'Step');
  return ctx.result;
}
