import { query } from '@aws-appsync/utils/dynamodb';
import { page, paging } from '../lib/paging.ts';

// An index finds across all customers what the table keeps apart. Timestamps sort as text because they are all in UTC.
export function request(ctx) {
  const { status, placedAfter, sort } = ctx.args;
  return query({
    index: 'byStatus',
    query: {
      status: { eq: status },
      ...(placedAfter ? { placedAt: { gt: placedAfter } } : {}),
    },
    scanIndexForward: sort !== 'NEWEST_FIRST',
    ...paging(ctx.args),
  });
}

export function response(ctx) {
  return page(ctx);
}
