import { runtime, util } from '@aws-appsync/utils';
import { batchItems, getBatch } from '../lib/batch.js';

// A batch names its tables itself, by their physical names, so these come in through the environment.
export function request(ctx) {
  const { ids } = ctx.args;
  if (ids.length === 0) runtime.earlyReturn([]);
  return getBatch(ctx.env.CATALOG_TABLE, ids);
}

// `appendError` reports what is missing and still returns the rest; `util.error` would return nothing.
export function response(ctx) {
  const { ids } = ctx.args;
  const products = batchItems(ctx, ctx.env.CATALOG_TABLE, ids);
  const missing = ids.filter((_, i) => !products[i]);
  if (missing.length > 0) util.appendError('Some products do not exist.', 'NoSuchProduct', null, { ids: missing });
  return products;
}
