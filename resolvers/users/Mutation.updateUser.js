import { util } from '@aws-appsync/utils';
import { update } from '@aws-appsync/utils/dynamodb';
import { changes } from '../lib/changes.js';
import { checkCondition } from '../lib/errors.js';

// The key must not be among the changes, and without the condition UpdateItem would create the user.
export function request(ctx) {
  const { id, ...values } = ctx.args.input;
  return update({
    key: { id },
    update: { ...changes(values, ['name', 'email', 'tier']), updatedAt: util.time.nowISO8601() },
    condition: { id: { attributeExists: true } },
  });
}

export function response(ctx) {
  checkCondition(ctx, 'There is no such user.', 'NoSuchUser');
  return ctx.result;
}
