import type { Context } from '@aws-appsync/utils';
import { scan } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';

type Args = { text: string; limit: number };

// The items of both tables end up in one list; `__typename` tells them apart.
export function request(ctx: Context<Args>) {
  const { text } = ctx.args;
  return scan({ filter: { or: [{ title: { contains: text } }, { body: { contains: text } }] } });
}

export function response(ctx: Context<Args>) {
  checkError(ctx);
  return [...ctx.prev.result, ...ctx.result.items.map((item: object) => ({ ...item, __typename: 'Review' }))];
}
