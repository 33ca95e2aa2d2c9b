import { util } from '@aws-appsync/utils';
import { batchAnswer } from './lib/answer.js';

export function request(ctx) {
  const { ids, text } = ctx.args;
  return { operation: 'BatchPutItem', tables: { receipts: ids.map((id) => util.dynamodb.toMapValues({ id, text })) } };
}

export const response = (ctx) => batchAnswer(ctx);
