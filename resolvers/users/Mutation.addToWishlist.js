import { operations, update } from '@aws-appsync/utils/dynamodb';
import { checkCondition } from '../lib/errors.js';

// `append` adds to a list in place. The condition keeps the list free of repetitions, also when two requests arrive at once.
export function request(ctx) {
  const { userId, productId } = ctx.args;
  return update({
    key: { id: userId },
    update: { wishlist: operations.append([productId]) },
    condition: { id: { attributeExists: true }, wishlist: { notContains: productId } },
  });
}

export function response(ctx) {
  checkCondition(ctx, 'There is no such user, or the product is on the list already.', 'WishlistUnchanged');
  return ctx.result;
}
