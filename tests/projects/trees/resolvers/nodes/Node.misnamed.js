import { get } from '@aws-appsync/utils/dynamodb';
import { answer } from './read';

export const request = (ctx) => get({ key: { idd: ctx.source.id } });
export const response = (ctx) => answer(ctx);
