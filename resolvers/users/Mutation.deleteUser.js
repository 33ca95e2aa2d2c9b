import { remove } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../lib/errors.js';

// DeleteItem answers with the item as it was, or with null when there was none, which is no error.
export function request(ctx) {
  return remove({ key: { id: ctx.args.id } });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
