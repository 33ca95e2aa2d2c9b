import { util } from '@aws-appsync/utils';

// What a function says of one item, which may be that there is none.
export function said(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  if (ctx.result && ctx.result.refusal) util.error(ctx.result.refusal, 'Refused', ctx.result);
  return ctx.result;
}
