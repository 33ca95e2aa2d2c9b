import { util } from '@aws-appsync/utils';
import { put } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) =>
  put({
    key: { id: ctx.args.id },
    item: { ...ctx.prev.result, label: ctx.args.label },
    condition: ctx.args.fails ? { id: { attributeExists: false } } : undefined,
  });
export const response = (ctx) => (ctx.error ? util.error(ctx.error.message, ctx.error.type) : ctx.result);
