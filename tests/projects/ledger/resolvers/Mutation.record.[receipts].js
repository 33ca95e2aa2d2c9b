import { put } from '@aws-appsync/utils/dynamodb';
import { answer } from './lib/answer.js';

export const request = (ctx) => put({ key: { id: ctx.args.id }, item: { text: ctx.args.text } });
export const response = (ctx) => answer(ctx);
