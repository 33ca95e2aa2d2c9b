import { util } from '@aws-appsync/utils';
import { put } from '@aws-appsync/utils/dynamodb';
import { answer } from '../lib/answer.js';

export function request(ctx) {
  return put({
    key: { id: util.autoId() },
    item: { ...ctx.args.input, status: 'PENDING', createdAt: util.time.nowISO8601() },
    condition: { id: { attributeExists: false } },
  });
}

export function response(ctx) {
  return answer(ctx);
}
