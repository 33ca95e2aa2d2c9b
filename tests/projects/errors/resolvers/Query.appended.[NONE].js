import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.appendError('First remark.', 'Remark', { id: '1', title: 'not selected' });
  return { payload: { id: '1' } };
}

export function response(ctx) {
  util.appendError('Second remark.', 'Remark', null, { soFar: ctx.outErrors.length });
  return ctx.result;
}
