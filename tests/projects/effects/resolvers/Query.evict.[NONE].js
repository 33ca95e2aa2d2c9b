import { extensions } from '@aws-appsync/utils';

export function request(ctx) {
  extensions.evictFromApiCache('Query', 'one', {});
  return { payload: 'never' };
}

export function response(ctx) {
  return ctx.result;
}
