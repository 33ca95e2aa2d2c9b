import { util } from '@aws-appsync/utils';
import { checkError } from '../lib/errors.js';

// What the helper `get` writes, by hand: a request is a plain object, its values typed as DynamoDB wants them.
export function request(ctx) {
  return { operation: 'GetItem', key: util.dynamodb.toMapValues({ id: ctx.args.id }) };
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
