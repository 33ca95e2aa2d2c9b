import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../lib/errors.js';

// A plain GetItem for each line; Syncline makes one BatchGetItem of those that are ready together.
export function request(ctx) {
  return get({ key: { id: ctx.source.productId } });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
