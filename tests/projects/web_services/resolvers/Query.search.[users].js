import { util } from '@aws-appsync/utils';

// What the caller sent goes on, as AWS's documentation shows it.
export function request(ctx) {
  const { text, tags, page } = ctx.args;
  return {
    version: '2018-05-29',
    method: 'GET',
    resourcePath: '/search',
    params: { query: { q: text, tag: tags, page }, headers: util.http.copyHeaders(ctx.request.headers) },
  };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return JSON.parse(ctx.result.body);
}
