import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return {
    operation: 'PutItem',
    key: { id: util.dynamodb.toDynamoDB(ctx.args.id) },
    attributeValues: util.dynamodb.toMapValues({ text: ctx.args.text }),
    condition: {
      expression: 'attribute_not_exists(id)',
      conditionalCheckFailedHandler: { strategy: 'Custom', lambdaArn: ctx.env.KEEP },
    },
    _version: 3,
  };
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type, ctx.result);
  }
  return ctx.result;
}
