import { util } from '@aws-appsync/utils';

/** Passes a failure of the data source on to the client. */
export function check(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type);
  }
}
