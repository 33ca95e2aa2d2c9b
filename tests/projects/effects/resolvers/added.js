import { util } from '@aws-appsync/utils';

// Both roots have a field that does this.
export function add(ctx) {
  util.http.addResponseHeader('x-request', ctx.info.parentTypeName);
  if (ctx.args.name) {
    util.http.addResponseHeader(ctx.args.name, ctx.args.value);
  }
  return { payload: { id: '1' } };
}
