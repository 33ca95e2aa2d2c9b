import { scan } from '@aws-appsync/utils/dynamodb';
import { notEmpty } from '../lib/filter.js';
import { page, paging } from '../lib/paging.ts';

// The helper takes the filter as the caller wrote it. A Scan filters after `limit`, so a page may hold fewer items and still have a next one.
export function request(ctx) {
  return scan({ filter: notEmpty(ctx.args.filter), ...paging(ctx.args) });
}

export function response(ctx) {
  return page(ctx);
}
