import { query } from '@aws-appsync/utils/dynamodb';

export const request = () => query({ query: { shop: { eq: 'main' } } });
export const response = (ctx) => ctx.result.items;
