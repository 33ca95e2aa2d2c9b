import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.appendError('request 1', 'Step');
  return { payload: { id: '1' } };
}

export function response(ctx) {
  util.appendError('response 1', 'Step');
  return ctx.result;
}
