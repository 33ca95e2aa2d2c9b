import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';

// A transaction answers with keys only. Without index.js the last step's result is the field's value.
export function request(ctx) {
  const { customerId, orderId } = ctx.args;
  return get({ key: { customerId, orderId }, consistentRead: true });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
