import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return { method: 'GET', resourcePath: `/${ctx.args.name}`, params: { headers: { Authorization: 'Bearer of-files' } } };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return `${ctx.result.statusCode}: ${ctx.result.body}`;
}
