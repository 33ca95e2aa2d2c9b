import { util } from '@aws-appsync/utils';

export function answer(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return ctx.result;
}

// What was processed, beside the error of what was not.
export function batchAnswer(ctx) {
  if (ctx.error) util.appendError(ctx.error.message, ctx.error.type);
  return ctx.result ? ctx.result.data.receipts : null;
}
