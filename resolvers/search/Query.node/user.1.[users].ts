import { type Context, runtime } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';

type Args = { id: string };

// This early return skips one step and hands on what came before.
export function request(ctx: Context<Args>) {
  if (!ctx.args.id.startsWith('u-')) runtime.earlyReturn(ctx.prev.result);
  return get({ key: { id: ctx.args.id } });
}

export function response(ctx: Context<Args>) {
  checkError(ctx);
  return { ...ctx.result, __typename: 'User' };
}
