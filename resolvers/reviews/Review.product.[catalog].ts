import type { Context } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../lib/errors.js';
import type { Review } from './types.ts';

type Ctx = Context & { source: Review };

// Product.reviews leads here and this leads back: such circles are fine, each step is one field of one query.
export function request(ctx: Ctx) {
  return get({ key: { id: ctx.source.productId } });
}

export function response(ctx: Ctx) {
  checkError(ctx);
  return ctx.result;
}
