import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return { payload: { id: '1', title: 'Kept', secret: 's', author: { name: 'Ada', mail: 'ada@example.com' } } };
}

// Clients see of the data what they selected.
export function response(ctx) {
  util.error('Half a document.', 'Partial', ctx.result, { retry: true });
}
