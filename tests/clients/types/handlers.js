// Handlers in JavaScript: the same by JSDoc, with `checkJs`.

import { get } from '@aws-appsync/utils/dynamodb';

/** @param {import('./syncline').Context<'Query.user'>} ctx */
export function request(ctx) {
  // @ts-expect-error: the field has no such argument
  const name = ctx.args.name;
  return get({ key: { id: ctx.args.id, name } });
}

/**
 * @param {import('./syncline').Context<'Query.user', { result: import('./syncline').User }>} ctx
 * @returns {import('./syncline').Result<'Query.user'>}
 */
export function response(ctx) {
  // @ts-expect-error: a user has no such field
  const age = ctx.result.age;
  return { ...ctx.result, name: `${ctx.result.name} ${age}` };
}

/** @returns {import('./syncline').Result<'Query.user'>} */
export function incomplete() {
  // @ts-expect-error: more than a name must not be null
  return { name: 'Ada' };
}

/** @param {import('./syncline').Context<'User.orders'>} ctx */
export function child(ctx) {
  return ctx.source.id.toUpperCase() + (ctx.args.limit ?? 20);
}
