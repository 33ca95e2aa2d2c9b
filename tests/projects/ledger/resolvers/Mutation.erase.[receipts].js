import { remove } from '@aws-appsync/utils/dynamodb';
import { answer } from './lib/answer.js';

export const request = (ctx) => remove({ key: { id: ctx.args.id } });
export const response = (ctx) => answer(ctx);
