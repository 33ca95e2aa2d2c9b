import { runtime } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';
import { check } from '../lib/errors.js';

// What THING is related to.
export function request(ctx) {
  const { relatedId } = ctx.source;
  if (!relatedId) {
    return runtime.earlyReturn(null);
  }
  return get({ key: { id: relatedId } });
}

export function response(ctx) {
  check(ctx);
  return ctx.result ? { ...ctx.result, name: `${ctx.result.name}`.trim() } : null;
}
