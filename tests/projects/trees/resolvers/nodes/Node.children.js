import { query } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) =>
  query({ index: 'byParent', query: { parent: { eq: ctx.source.id } }, limit: ctx.args.limit });
export const response = (ctx) => ctx.result.items;
