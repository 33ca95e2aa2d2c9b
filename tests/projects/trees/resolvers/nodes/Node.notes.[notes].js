import { query } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => query({ query: { node: { eq: ctx.source.id } } });
export const response = (ctx) => ctx.result.items;
