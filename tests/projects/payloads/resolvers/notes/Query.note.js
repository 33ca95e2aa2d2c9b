import { util } from '@aws-appsync/utils';

export const request = (ctx) => ({ operation: 'GetItem', key: util.dynamodb.toMapValues({ id: ctx.args.id }) });

export function response(ctx) {
  if (!ctx.result) util.error(`There is no note ${ctx.args.id}.`, 'NoNote', { id: ctx.args.id });
  return ctx.result;
}
