import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../lib/errors.js';

// A table with a sort key needs both parts of it to find one item.
export function request(ctx) {
  const { customerId, orderId } = ctx.args;
  return get({ key: { customerId, orderId } });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
