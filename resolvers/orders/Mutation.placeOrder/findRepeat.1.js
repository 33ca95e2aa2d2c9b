import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';

// The id comes from the caller's token, so a repeated request finds the order that the first one placed.
export function request(ctx) {
  const { customerId } = ctx.args.input;
  return get({ key: { customerId, orderId: ctx.stash.orderId }, consistentRead: true });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
