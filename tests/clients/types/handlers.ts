// Handlers in TypeScript against the declarations of this repository's schema. A line that must not compile says so:
// tsc complains about each `@ts-expect-error` that finds nothing wrong.

import { util } from '@aws-appsync/utils';
import { get, query } from '@aws-appsync/utils/dynamodb';
import type { AddressInput, Arguments, Context, Fields, Product, Result, SearchResult, Source, User } from './syncline';

export function request(ctx: Context<'Query.user'>) {
  const id: string = ctx.args.id;
  const same: string = ctx.arguments.id;
  // @ts-expect-error: the field has no such argument
  ctx.args.name;
  // @ts-expect-error: an ID is no number
  const wrong: number = ctx.args.id;
  return get({ key: { id, same, wrong } });
}

export function response(ctx: Context<'Query.user', { result: User | null }>): Result<'Query.user'> {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  const name: string | undefined = ctx.result?.name;
  ctx.stash.name = name;
  return ctx.result;
}

// Fields that have resolvers of their own (`orders`, `wishlist`) need not be there, nor those that may be null.
export const least = (ctx: Context<'Query.user'>): Result<'Query.user'> => ({
  id: ctx.args.id,
  name: 'Ada',
  email: 'ada@example.com',
  tier: 'GOLD',
  createdAt: util.time.nowISO8601(),
});

// @ts-expect-error: `tier`, which must not be null, is missing
export const tooLittle = (ctx: Context<'Query.user'>): Result<'Query.user'> => ({
  id: ctx.args.id,
  name: 'Ada',
  email: 'ada@example.com',
  createdAt: util.time.nowISO8601(),
});

export const noSuchTier = (ctx: Context<'Query.user', { result: User }>): Result<'Query.user'> => ({
  ...ctx.result,
  // @ts-expect-error: not one of the enum's values
  tier: 'PLATINUM',
});

export const mayBeNull = (): Result<'Query.user'> => null;
// @ts-expect-error: the items of a page must not be null
export const noNullItems = (): Result<'Query.users'> => ({ items: [null] });

// Arguments: those with a default are there, null only where the client said so; others may be absent or null.
export function defaults({ args }: Context<'Query.ordersByStatus'>) {
  const status: 'PLACED' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED' = args.status;
  const limit: number | null = args.limit;
  const after: string | null | undefined = args.placedAfter;
  // @ts-expect-error: null is possible
  const sure: number = args.limit;
  // @ts-expect-error: absent is possible
  const there: string | null = args.placedAfter;
  return query({ query: { status: { eq: status } }, limit: limit ?? sure, nextToken: after ?? there });
}

export function input(ctx: Context<'Mutation.placeOrder'>) {
  const { customerId, lines, shipTo } = ctx.args.input;
  const address: AddressInput | null | undefined = shipTo;
  const country: string | undefined = address?.country;
  const quantities: number[] = lines.map((line) => line.quantity);
  // @ts-expect-error: the input has no such field
  ctx.args.input.price;
  return { customerId, country, quantities };
}

// The source is what the parent's resolver returned, and always there below the root.
export function child(ctx: Context<'User.orders'>) {
  const id: string = ctx.source.id;
  const sort: 'NEWEST_FIRST' | 'OLDEST_FIRST' | null = ctx.args.sort;
  // @ts-expect-error: no attribute of the schema
  ctx.source.pk;
  return { id, sort };
}

export function storedMore(ctx: Context<'User.orders', { source: User & { pk: string } }>) {
  return ctx.source.pk;
}

export function roots(ctx: Context<'Query.user'>) {
  // @ts-expect-error: nothing is above a root field
  return ctx.source.id;
}

// What the schema cannot know is said in the second parameter, by the names that `ctx` has for it.
type Stash = { total: number };
export function step(ctx: Context<'Mutation.placeOrder', { stash: Stash; prev: { result: Product[] }; result: string }>) {
  ctx.stash.total = ctx.prev.result.reduce((sum, product) => sum + product.price, 0);
  const text: string = ctx.result;
  // @ts-expect-error: not in this stash
  ctx.stash.discount = 1;
  // @ts-expect-error: a product has no quantity
  ctx.prev.result[0].quantity;
  return text;
}

export function untyped(ctx: Context<'Mutation.placeOrder'>) {
  ctx.stash.anything = ctx.prev.result.whatever;
  return ctx.result.whatever;
}

// One of several types needs its name, which also tells them apart.
export const found = (): Result<'Query.search'> => [
  { __typename: 'Review', productId: 'p', reviewId: 'r', authorId: 'u', rating: 5, title: 't', helpful: 0, createdAt: '' },
  // @ts-expect-error: which type?
  { productId: 'p', reviewId: 'r', authorId: 'u', rating: 5, title: 't', helpful: 0, createdAt: '' },
];

export function titleOf(found: SearchResult): string {
  return found.__typename === 'Review' ? found.title : found.name;
}

// AWSJSON is a value, not text; a timestamp is a number.
export const json = (ctx: Context<'Mutation.createProduct'>) => ctx.args.input.specs?.material?.length;
export const sent: Result<'Mutation.announce'> = { message: 'm', level: 'INFO', sentAt: 1 };
// @ts-expect-error: seconds, not text
export const notSent: Result<'Mutation.announce'> = { message: 'm', level: 'INFO', sentAt: '1' };

// The rest of `ctx` is AppSync's own.
export const agent = (ctx: Context<'Query.user'>) => [ctx.request.headers['user-agent'], ctx.info.fieldName, ctx.env.STAGE];
// @ts-expect-error: AppSync's context has no such member
export const other = (ctx: Context<'Query.user'>) => ctx.session;

export type Same = Arguments<'Query.user'> extends Fields['Query.user']['arguments'] ? Source<'User.orders'> : never;
export const same: (user: User) => Same = (user) => user;
// @ts-expect-error: no such field
export type None = Result<'Query.nobody'>;
