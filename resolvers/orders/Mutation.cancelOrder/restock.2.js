import { operations, transactWrite } from '@aws-appsync/utils/dynamodb';
import { checkTransaction } from '../../lib/errors.js';

// The same transaction as in placeOrder backwards, and with the helper that writes the expressions.
export function request(ctx) {
  const { customerId, orderId } = ctx.args;
  const cancelled = {
    table: ctx.env.ORDERS_TABLE,
    key: { customerId, orderId },
    update: { status: operations.replace('CANCELLED') },
    condition: { status: { eq: 'PLACED' } },
  };
  const restocked = ctx.prev.result.map(({ productId, quantity }) => ({
    table: ctx.env.CATALOG_TABLE,
    key: { id: productId },
    update: { stock: operations.increment(quantity) },
  }));
  return transactWrite({
    items: [{ updateItem: cancelled }, ...restocked.map((updateItem) => ({ updateItem }))],
  });
}

export function response(ctx) {
  checkTransaction(ctx, [{ type: 'NotPlaced', message: 'There is no such order, or it is no longer waiting to be shipped.' }]);
  return ctx.result.keys;
}
