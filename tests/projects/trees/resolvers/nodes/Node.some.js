import { util } from '@aws-appsync/utils';

// `by-hand` marks the calls that are not the loader's.
export const request = (ctx) => ({
  operation: 'BatchGetItem',
  tables: { nodes: { keys: [...ctx.args.ids, 'by-hand'].map((id) => ({ id: util.dynamodb.toDynamoDB(id) })) } },
});
export const response = (ctx) => (ctx.error ? util.error(ctx.error.message, ctx.error.type) : ctx.result.data.nodes);
