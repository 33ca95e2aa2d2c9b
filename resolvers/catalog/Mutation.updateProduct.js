import { update } from '@aws-appsync/utils/dynamodb';
import { changes } from '../lib/changes.js';
import { checkCondition } from '../lib/errors.js';

// Price and category may change although they are an index's keys: DynamoDB moves the item. Its own key may not.
export function request(ctx) {
  const { id, ...values } = ctx.args.input;
  return update({
    key: { id },
    update: changes(values, ['name', 'category', 'price', 'tags']),
    condition: { id: { attributeExists: true } },
  });
}

export function response(ctx) {
  checkCondition(ctx, 'There is no such product.', 'NoSuchProduct');
  return ctx.result;
}
