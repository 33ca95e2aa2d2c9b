import { get } from '@aws-appsync/utils/dynamodb';
import { answer } from './read';

export const request = (ctx) => get({ key: { id: ctx.source.rank } });
export const response = (ctx) => answer(ctx);
