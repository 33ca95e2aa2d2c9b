import { scan } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => scan({ limit: ctx.args.limit });
export const response = (ctx) => ctx.result.items;
