import { util } from '@aws-appsync/utils';
import { checkError } from './errors.js';

/** Reads items by id. DynamoDB refuses a batch that names a key twice, and one of more than 100 keys. */
export function getBatch(table, ids) {
  const distinct = ids.filter((id, i) => ids.indexOf(id) === i);
  return {
    operation: 'BatchGetItem',
    tables: { [table]: { keys: distinct.map((id) => util.dynamodb.toMapValues({ id })) } },
  };
}

/** The items of such a batch in the order of `ids`, null for those that do not exist. */
export function batchItems(ctx, table, ids) {
  checkError(ctx);
  const items = ctx.result.data[table];
  return ids.map((id) => items.find((item) => item?.id === id) ?? null);
}
