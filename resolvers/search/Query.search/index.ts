import { type Context, runtime } from '@aws-appsync/utils';

type Args = { text: string; limit: number };

// Every text contains the empty one. An early return here skips all steps.
export function request(ctx: Context<Args>) {
  if (ctx.args.text.trim() === '') runtime.earlyReturn([]);
  return [];
}

export function response(ctx: Context<Args>) {
  return ctx.prev.result.slice(0, ctx.args.limit);
}
