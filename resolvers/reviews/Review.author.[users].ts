import type { Context } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../lib/errors.js';
import type { Review } from './types.ts';

type Ctx = Context & { source: Review };

// In a nested field ctx.source is the parent object, here one of the reviews.
export function request(ctx: Ctx) {
  return get({ key: { id: ctx.source.authorId } });
}

export function response(ctx: Ctx) {
  checkError(ctx);
  return ctx.result;
}
