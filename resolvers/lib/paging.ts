import type { Context } from '@aws-appsync/utils';
import { checkError } from './errors.js';

type PageArgs = { limit?: number | null; nextToken?: string | null };
type Page = { items: Record<string, unknown>[]; nextToken: string | null };

/** The part of a Query or Scan that asks for one page: 20 items, at most 100 whatever the caller wants. */
export function paging({ limit, nextToken }: PageArgs) {
  return { limit: Math.max(1, Math.min(limit ?? 20, 100)), nextToken };
}

/** A handler's answer: the page, or the error that prevented it. */
export function page(ctx: Context): Page {
  checkError(ctx);
  return { items: ctx.result.items, nextToken: ctx.result.nextToken };
}
