import { util } from '@aws-appsync/utils';

export const request = (ctx) => ({ method: 'GET', resourcePath: '/price', params: { query: { id: ctx.args.id } } });

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  if (ctx.result.headers['Content-Type'] !== 'application/xml') return ctx.result.body;
  return util.xml.toMap(ctx.result.body).price.amount;
}
