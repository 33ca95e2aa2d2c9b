import { util } from '@aws-appsync/utils';
import { answer } from './lib/answer.js';

// `ADD` makes the counter at the first increment.
export function request(ctx) {
  return {
    operation: 'UpdateItem',
    key: util.dynamodb.toMapValues({ id: ctx.args.id }),
    update: {
      expression: 'ADD #count :one',
      expressionNames: { '#count': 'count' },
      expressionValues: util.dynamodb.toMapValues({ ':one': 1 }),
    },
  };
}

export const response = (ctx) => answer(ctx);
