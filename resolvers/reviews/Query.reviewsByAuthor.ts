import type { Context } from '@aws-appsync/utils';
import { query } from '@aws-appsync/utils/dynamodb';
import { page, paging } from '../lib/paging.ts';
import type { Review } from './types.ts';

type Args = { authorId: string; limit?: number; nextToken?: string };

// This domain is written in TypeScript: the types are taken off when the file is loaded, and there is no build step.
export function request(ctx: Context<Args>) {
  return query<Review>({
    index: 'byAuthor',
    query: { authorId: { eq: ctx.args.authorId } },
    scanIndexForward: false,
    ...paging(ctx.args),
  });
}

export function response(ctx: Context<Args>) {
  return page(ctx);
}
