import { util } from '@aws-appsync/utils';

export const request = (ctx) => ({ operation: 'PutEvents', events: ctx.args.events });

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return ctx.result;
}
