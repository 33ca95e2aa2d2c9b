import { query } from '@aws-appsync/utils/dynamodb';
import { page, paging } from '../lib/paging.ts';

// A field belongs to the domain of its type, here `users`. The brackets name the table it reads, and syncline.yaml grants that.
export function request(ctx) {
  const { status, sort } = ctx.args;
  return query({
    index: 'byCustomer',
    query: { customerId: { eq: ctx.source.id } },
    filter: status ? { status: { eq: status } } : null,
    scanIndexForward: sort === 'OLDEST_FIRST',
    ...paging(ctx.args),
  });
}

export function response(ctx) {
  return page(ctx);
}
