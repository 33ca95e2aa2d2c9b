import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../lib/errors.js';

// No data source is named: the folder's domain, `users`, has a table of the same name.
export function request(ctx) {
  return get({ key: { id: ctx.args.id } });
}

export function response(ctx) {
  checkError(ctx);
  return ctx.result;
}
