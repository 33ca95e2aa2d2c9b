import { util } from '@aws-appsync/utils';
import { checkError } from '../lib/errors.js';

// Orders and reviews keep the id of a product that is gone; their field `product` becomes null.
export function request(ctx) {
  return { operation: 'DeleteItem', key: util.dynamodb.toMapValues({ id: ctx.args.id }) };
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
