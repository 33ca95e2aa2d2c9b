import { util } from '@aws-appsync/utils';
import { batchAnswer } from './lib/answer.js';

export function request(ctx) {
  const receipts = ctx.args.ids.map((id) => util.dynamodb.toMapValues({ id }));
  return { operation: 'BatchDeleteItem', tables: { receipts } };
}

export const response = (ctx) => batchAnswer(ctx);
