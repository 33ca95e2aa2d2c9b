import { util } from '@aws-appsync/utils';

export function request(ctx) {
  const { id, text, version } = ctx.args;
  return {
    operation: 'UpdateItem',
    key: { id: util.dynamodb.toDynamoDB(id) },
    update: { expression: 'SET #text = :text', expressionNames: { '#text': 'text' }, expressionValues: { ':text': util.dynamodb.toDynamoDB(text) } },
    customPartitionKey: 'id',
    populateIndexFields: true,
    _version: version,
  };
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type, ctx.result);
  }
  return ctx.result;
}
