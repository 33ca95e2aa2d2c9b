import type { Context } from '@aws-appsync/utils';
import { operations, update } from '@aws-appsync/utils/dynamodb';
import { checkCondition } from '../lib/errors.js';
import type { Review, ReviewKey } from './types.ts';

// The type argument lets the compiler check that key, changes and condition name attributes that a review has.
export function request(ctx: Context<ReviewKey>) {
  const { productId, reviewId } = ctx.args;
  return update<Review>({
    key: { productId, reviewId },
    update: { helpful: operations.increment() },
    condition: { reviewId: { attributeExists: true } },
  });
}

export function response(ctx: Context<ReviewKey>) {
  checkCondition(ctx, 'There is no such review.', 'NoSuchReview');
  return ctx.result;
}
