import { util } from '@aws-appsync/utils';

/** AppSync calls `response` after a failed call as well: a handler that does not look at `ctx.error` hides the failure. */
export function checkError(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
}

/** Says in the caller's terms what it means that the condition of a write did not hold. */
export function checkCondition(ctx, message, type) {
  if (ctx.error?.type === 'DynamoDB:ConditionalCheckFailedException') util.error(message, type);
  checkError(ctx);
}

/** The same for a transaction, which gives one reason per item: `refusals[i]` is the `{ message, type }` for item i. */
export function checkTransaction(ctx, refusals) {
  const reasons = ctx.result?.cancellationReasons ?? [];
  // DynamoDB spells it ConditionalCheckFailed, AppSync's guide ConditionCheckFailed.
  const refusal = refusals.find((_, i) => reasons[i]?.type?.endsWith('CheckFailed'));
  if (refusal) util.error(refusal.message, refusal.type);
  if (ctx.error) util.error(ctx.error.message, ctx.error.type, null, reasons);
}
