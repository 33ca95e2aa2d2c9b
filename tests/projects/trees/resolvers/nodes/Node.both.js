import { util } from '@aws-appsync/utils';

const get = (id) => ({ table: 'nodes', key: { id: util.dynamodb.toDynamoDB(id) } });
export const request = (ctx) => ({ operation: 'TransactGetItems', transactItems: [get(ctx.source.id), get('n-0')] });
export const response = (ctx) => (ctx.error ? util.error(ctx.error.message, ctx.error.type) : ctx.result.items);
