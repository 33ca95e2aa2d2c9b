import { runtime, util } from '@aws-appsync/utils';

export function request(ctx) {
  if (!ctx.source.relatedId) return runtime.earlyReturn(null);
  return { operation: 'GetItem', key: util.dynamodb.toMapValues({ id: ctx.source.relatedId }) };
}

export function response(ctx) {
  const text = ctx.args.loud ? ctx.result.text.toUpperCase() : ctx.result.text;
  return { ...ctx.result, text, reader: ctx.identity?.username };
}
