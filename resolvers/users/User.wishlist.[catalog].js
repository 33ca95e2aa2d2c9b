import { runtime } from '@aws-appsync/utils';
import { batchItems, getBatch } from '../lib/batch.js';

// An early return skips the data source and the response: DynamoDB would refuse a batch without keys.
export function request(ctx) {
  const ids = ctx.source.wishlist ?? [];
  if (ids.length === 0) runtime.earlyReturn([]);
  return getBatch(ctx.env.CATALOG_TABLE, ids);
}

export function response(ctx) {
  return batchItems(ctx, ctx.env.CATALOG_TABLE, ctx.source.wishlist);
}
