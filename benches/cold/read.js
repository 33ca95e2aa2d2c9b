import { util } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';
import { check } from '../lib/errors.js';

// THING by its id, and nothing where the filter does not match.
export function request(ctx) {
  const { id } = ctx.args;
  if (!id) {
    util.error('An id is needed.', 'BadRequest');
  }
  return get({ key: { id } });
}

export function response(ctx) {
  check(ctx);
  const { filter } = ctx.args;
  if (filter?.name && ctx.result?.name !== filter.name) {
    return null;
  }
  return ctx.result;
}
