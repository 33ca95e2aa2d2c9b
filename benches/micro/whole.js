import { util } from '@aws-appsync/utils';

const LARGEST_PAGE = 100;

export function request(ctx) {
  const { limit = 20, nextToken, status, from } = ctx.args;
  if (limit > LARGEST_PAGE) {
    util.error(`at most ${LARGEST_PAGE} orders at a time, not ${limit}`, 'BadRequest', { limit });
  }
  const document = {
    operation: 'Query',
    query: {
      expression: '#customer = :customer AND #placedAt >= :from',
      expressionNames: { '#customer': 'customerId', '#placedAt': 'placedAt' },
      expressionValues: util.dynamodb.toMapValues({ ':customer': ctx.source.id, ':from': from ?? '' }),
    },
    scanIndexForward: false,
    limit,
    nextToken,
  };
  if (status) {
    const names = status.map((value, index) => `:status${index}`);
    document.filter = {
      expression: `#status IN (${names.join(', ')})`,
      expressionNames: { '#status': 'status' },
      expressionValues: util.dynamodb.toMapValues(Object.fromEntries(status.map((value, index) => [names[index], value]))),
    };
  }
  return document;
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return ctx.result;
}
