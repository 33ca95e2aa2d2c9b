import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return { method: 'GET', resourcePath: `/users/${ctx.args.id}`, params: { headers: { Accept: 'application/json' } } };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  const { statusCode, body } = ctx.result;
  if (statusCode === 200) return JSON.parse(body);
  if (statusCode === 404) return null;
  util.error(body, `${statusCode}`);
}
