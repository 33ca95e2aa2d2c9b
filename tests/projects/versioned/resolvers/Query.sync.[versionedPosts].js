import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return {
    operation: 'Sync',
    lastSync: ctx.args.lastSync,
    limit: ctx.args.limit,
    nextToken: ctx.args.nextToken,
  };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type, ctx.result);
  return ctx.result;
}
