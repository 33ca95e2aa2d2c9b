import { put } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => put({ key: { id: ctx.args.id }, item: { name: ctx.args.name, friendIds: [] } });
export const response = (ctx) => ctx.result;
