import { get } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => get({ key: { id: ctx.source.author } });
export const response = (ctx) => ctx.result;
