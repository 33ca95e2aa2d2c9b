import { put } from '@aws-appsync/utils/dynamodb';
import { answer } from './lib/answer.js';

export function request(ctx) {
  const { id, text } = ctx.args;
  return put({ key: { id }, item: { text }, condition: { id: { attributeExists: false } } });
}

export const response = (ctx) => answer(ctx);
