import { util } from '@aws-appsync/utils';
import { batchItems, getBatch } from '../../lib/batch.js';

// One batch instead of a GetItem per line. What the response returns is the next step's ctx.prev.result.
export function request(ctx) {
  return getBatch(ctx.env.CATALOG_TABLE, ctx.stash.cart.map((line) => line.productId));
}

export function response(ctx) {
  const { cart } = ctx.stash;
  const ids = cart.map((line) => line.productId);
  const products = batchItems(ctx, ctx.env.CATALOG_TABLE, ids);
  const missing = ids.filter((_, i) => !products[i]);
  if (missing.length > 0) util.error('Some products do not exist.', 'NoSuchProduct', null, { ids: missing });
  return cart.map((line, i) => ({ ...line, unitPrice: products[i].price }));
}
