import { util } from '@aws-appsync/utils';

export function request(ctx) {
  const { orderId, amount } = ctx.args;
  return {
    method: 'POST',
    resourcePath: '/payments',
    params: { headers: { 'Idempotency-Key': util.autoId() }, body: { orderId, amount } },
  };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  if (ctx.result.statusCode !== 201) util.error(ctx.result.body, 'Refused');
  return JSON.parse(ctx.result.body);
}
