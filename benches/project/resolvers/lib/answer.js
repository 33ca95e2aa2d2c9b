import { util } from '@aws-appsync/utils';

/** The data source's result, or the error that took its place. */
export function answer(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return ctx.result;
}
