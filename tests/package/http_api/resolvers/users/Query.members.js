import { query } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => query({ index: 'byTeam', query: { team: { eq: ctx.args.team } } });
export const response = (ctx) => ctx.result.items;
