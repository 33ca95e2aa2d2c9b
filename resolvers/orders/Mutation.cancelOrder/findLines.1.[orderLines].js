import { query } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';

// A domain with two tables names the second one in brackets, too.
export function request(ctx) {
  return query({ query: { orderId: { eq: ctx.args.orderId } } });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result.items;
}
