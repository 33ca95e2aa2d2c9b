import { operations, update } from '@aws-appsync/utils/dynamodb';
import { checkCondition } from '../lib/errors.js';

// `increment` adds inside DynamoDB: reading the stock and writing the sum would lose a sale that comes in between.
export function request(ctx) {
  const { id, quantity } = ctx.args;
  return update({
    key: { id },
    update: { stock: operations.increment(quantity) },
    condition: { id: { attributeExists: true } },
  });
}

export function response(ctx) {
  checkCondition(ctx, 'There is no such product.', 'NoSuchProduct');
  return ctx.result;
}
