import { util } from '@aws-appsync/utils';
import { checkCondition } from '../lib/errors.js';

// `toMapValues` types a whole object at once; `specs`, sent as JSON text, has arrived as the object that it describes.
export function request(ctx) {
  const { slug, ...values } = ctx.args.input;
  const counters = { ratingSum: 0, ratingCount: 0 };
  return {
    operation: 'PutItem',
    key: util.dynamodb.toMapValues({ id: `p-${slug ?? util.autoId()}` }),
    attributeValues: util.dynamodb.toMapValues({ ...values, ...counters, createdAt: util.time.nowISO8601() }),
    condition: { expression: 'attribute_not_exists(#id)', expressionNames: { '#id': 'id' } },
  };
}

export function response(ctx) {
  checkCondition(ctx, 'This slug is taken.', 'SlugTaken');
  return ctx.result;
}
