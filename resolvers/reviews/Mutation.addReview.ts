import { type Context, util } from '@aws-appsync/utils';
import { operations, transactWrite } from '@aws-appsync/utils/dynamodb';
import { checkTransaction } from '../lib/errors.js';
import type { AddReviewInput, Review } from './types.ts';

type Args = { input: AddReviewInput };

// The author exists, the review is new, and the product's counters follow it, or nothing happens at all.
export function request(ctx: Context<Args>) {
  const { productId, authorId, rating } = ctx.args.input;
  if (rating < 1 || rating > 5) util.error('A rating is a number from 1 to 5.', 'BadRating');

  const reviewId = `r-${authorId.slice(2)}`;
  const review: Review = { ...ctx.args.input, reviewId, helpful: 0, createdAt: util.time.nowISO8601() };
  ctx.stash.review = review;
  return transactWrite({
    items: [
      { conditionCheck: { table: ctx.env.USERS_TABLE, key: { id: authorId }, condition: { id: { attributeExists: true } } } },
      {
        putItem: {
          table: ctx.env.REVIEWS_TABLE,
          key: { productId, reviewId },
          item: review,
          condition: { reviewId: { attributeExists: false } },
        },
      },
      {
        updateItem: {
          table: ctx.env.CATALOG_TABLE,
          key: { id: productId },
          update: { ratingSum: operations.increment(rating), ratingCount: operations.increment() },
          condition: { id: { attributeExists: true } },
        },
      },
    ],
  });
}

// The stash is there in a unit resolver as well, and carries the review from the request to here.
export function response(ctx: Context<Args>): Review {
  checkTransaction(ctx, [
    { type: 'NoSuchUser', message: 'There is no such user.' },
    { type: 'AlreadyReviewed', message: 'This user has reviewed the product already.' },
    { type: 'NoSuchProduct', message: 'There is no such product.' },
  ]);
  return ctx.stash.review;
}
