import { type Context, util } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';
import type { Review, ReviewKey } from '../types.ts';

type Args = ReviewKey & { authorId: string };

// Who the caller is comes as an argument here; behind a login it would be ctx.identity.
export function request(ctx: Context<Args>) {
  const { productId, reviewId } = ctx.args;
  return get<Review>({ key: { productId, reviewId }, consistentRead: true });
}

export function response(ctx: Context<Args>): Review {
  checkError(ctx);
  if (!ctx.result) util.error('There is no such review.', 'NoSuchReview');
  if (ctx.result.authorId !== ctx.args.authorId) util.unauthorized();
  return ctx.result;
}
