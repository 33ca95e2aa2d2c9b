import { get } from '@aws-appsync/utils/dynamodb';
import { answer } from '../lib/answer.js';

export function request(ctx) {
  return get({ key: { id: ctx.source.productId } });
}

export function response(ctx) {
  return answer(ctx);
}
