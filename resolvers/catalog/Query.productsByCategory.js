import { query } from '@aws-appsync/utils/dynamodb';
import { page, paging } from '../lib/paging.ts';

// The price is the index's sort key: a range of it narrows what is read, where a filter would read all and throw away.
export function request(ctx) {
  const { category, price } = ctx.args;
  return query({
    index: 'byCategory',
    query: {
      category: { eq: category },
      ...(price ? { price: { between: [price.min, price.max] } } : {}),
    },
    ...paging(ctx.args),
  });
}

export function response(ctx) {
  return page(ctx);
}
