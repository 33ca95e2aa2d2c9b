import { get } from '@aws-appsync/utils/dynamodb';
import { answer } from './lib/answer.js';

export const request = (ctx) => get({ key: { id: ctx.args.id }, consistentRead: true });
export const response = (ctx) => answer(ctx);
