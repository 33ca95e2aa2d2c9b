import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.error('Some documents.', 'Partial', [{ id: '1', title: 'Kept' }, { id: '2', title: 'Kept too' }]);
}

export function response(ctx) {
  return ctx.result;
}
