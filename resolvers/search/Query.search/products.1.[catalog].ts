import type { Context } from '@aws-appsync/utils';
import { scan } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';

type Args = { text: string; limit: number };

// No `limit` here: a Scan counts the items that it reads, not those that pass the filter.
export function request(ctx: Context<Args>) {
  const { text } = ctx.args;
  return scan({ filter: { or: [{ name: { contains: text } }, { tags: { contains: text.toLowerCase() } }] } });
}

export function response(ctx: Context<Args>) {
  checkError(ctx);
  return ctx.result.items.map((item: object) => ({ ...item, __typename: 'Product' }));
}
