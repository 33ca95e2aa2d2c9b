import { scan } from '@aws-appsync/utils/dynamodb';
import { answer } from '../lib/answer.js';

export function request(ctx) {
  const { limit = 20, nextToken } = ctx.args;
  return scan({ limit, nextToken });
}

export function response(ctx) {
  return answer(ctx);
}
