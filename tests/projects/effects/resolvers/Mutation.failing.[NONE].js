import { extensions, util } from '@aws-appsync/utils';

export function request(ctx) {
  util.http.addResponseHeader('x-before', 'the failure');
  return {};
}

export function response(ctx) {
  if (ctx.info.parentTypeName === 'Mutation') {
    extensions.evictFromApiCache('Query', 'one', {});
  }
  util.error('No.', 'No');
}
