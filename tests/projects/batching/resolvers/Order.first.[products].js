import { get } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => get({ key: { id: 'p-00' } });
export const response = (ctx) => ctx.result;
