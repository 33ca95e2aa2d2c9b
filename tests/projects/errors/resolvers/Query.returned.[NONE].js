import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return { payload: { id: '1' } };
}

export function response(ctx) {
  return util.appendError('Nothing for you.', 'Remark', ctx.result);
}
