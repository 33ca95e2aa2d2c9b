import { util } from '@aws-appsync/utils';
import { put } from '@aws-appsync/utils/dynamodb';
import { checkCondition } from '../lib/errors.js';

// Without the condition PutItem would replace a user who has this id already.
export function request(ctx) {
  const { handle, ...values } = ctx.args.input;
  return put({
    key: { id: `u-${handle ?? util.autoId()}` },
    item: { ...values, wishlist: [], createdAt: util.time.nowISO8601() },
    condition: { id: { attributeExists: false } },
  });
}

export function response(ctx) {
  checkCondition(ctx, 'This handle is taken.', 'HandleTaken');
  return ctx.result;
}
