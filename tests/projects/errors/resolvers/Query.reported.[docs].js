import { util } from '@aws-appsync/utils';
import { put } from '@aws-appsync/utils/dynamodb';

export function request(ctx) {
  return put({ key: { id: ctx.args.id ?? '1' }, item: { title: 'Other' }, condition: { id: { attributeExists: false } } });
}

export function response(ctx) {
  if (ctx.error) {
    return util.error(ctx.error.message, ctx.error.type, ctx.result);
  }
  return ctx.result;
}
