import { query } from '@aws-appsync/utils/dynamodb';
import { page, paging } from '../lib/paging.ts';

// The table sorts reviews by id, which only identifies them; the index sorts them by date.
export function request(ctx) {
  return query({
    index: 'byProduct',
    query: { productId: { eq: ctx.source.id } },
    scanIndexForward: ctx.args.sort === 'OLDEST_FIRST',
    ...paging(ctx.args),
  });
}

export function response(ctx) {
  return page(ctx);
}
