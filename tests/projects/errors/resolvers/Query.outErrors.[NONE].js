import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.appendError('A remark.', 'Remark');
  return { payload: { id: '1' } };
}

export function response(ctx) {
  return { id: ctx.outErrors.length, title: ctx.outErrors[0].message };
}
