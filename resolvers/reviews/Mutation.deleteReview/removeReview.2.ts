import type { Context } from '@aws-appsync/utils';
import { operations, transactWrite } from '@aws-appsync/utils/dynamodb';
import { checkTransaction } from '../../lib/errors.js';
import type { Review } from '../types.ts';

type Previous = { result: Review };

// The condition makes sure that the counters go down once, even when two requests delete at the same time.
export function request(ctx: Context<unknown, {}, Previous>) {
  const { productId, reviewId, rating } = ctx.prev.result;
  return transactWrite({
    items: [
      {
        deleteItem: {
          table: ctx.env.REVIEWS_TABLE,
          key: { productId, reviewId },
          condition: { rating: { eq: rating } },
        },
      },
      {
        updateItem: {
          table: ctx.env.CATALOG_TABLE,
          key: { id: productId },
          update: { ratingSum: operations.decrement(rating), ratingCount: operations.decrement() },
        },
      },
    ],
  });
}

// ctx.prev.result is still the review that the first step found.
export function response(ctx: Context<unknown, {}, Previous>): Review {
  checkTransaction(ctx, [{ type: 'NoSuchReview', message: 'There is no such review.' }]);
  return ctx.prev.result;
}
