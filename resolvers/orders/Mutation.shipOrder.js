import { util } from '@aws-appsync/utils';
import { update } from '@aws-appsync/utils/dynamodb';
import { checkCondition } from '../lib/errors.js';

// The condition is the whole state machine: only an order that is placed can be shipped, and only once.
export function request(ctx) {
  const { customerId, orderId, trackingUrl } = ctx.args;
  return update({
    key: { customerId, orderId },
    update: { status: 'SHIPPED', shippedAt: util.time.nowISO8601(), trackingUrl },
    condition: { status: { eq: 'PLACED' } },
  });
}

export function response(ctx) {
  checkCondition(ctx, 'There is no such order, or it is no longer waiting to be shipped.', 'NotPlaced');
  return ctx.result;
}
