import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.error(ctx.args.message, ctx.args.code ?? ctx.args.type, null, ctx.args.info);
}

export function response(ctx) {
  return ctx.result;
}
