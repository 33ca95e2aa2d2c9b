import { query } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../lib/errors.js';

// The lines of an order share its id as partition key, so one Query finds them all, sorted by number.
export function request(ctx) {
  return query({ query: { orderId: { eq: ctx.source.orderId } } });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result.items;
}
