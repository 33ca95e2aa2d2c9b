import { query } from '@aws-appsync/utils/dynamodb';
import { answer } from '../lib/answer.js';

export function request(ctx) {
  const { limit = 20, nextToken } = ctx.args;
  return query({ index: 'byUser', query: { userId: { eq: ctx.source.id } }, scanIndexForward: false, limit, nextToken });
}

export function response(ctx) {
  return answer(ctx);
}
