import { scan } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => scan({ filter: { about: { eq: ctx.args.about } }, limit: ctx.args.limit, nextToken: ctx.args.nextToken });
export const response = (ctx) => ctx.result;
