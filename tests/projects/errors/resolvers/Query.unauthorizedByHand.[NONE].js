import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.error('Unauthorized', 'Unauthorized');
}

export function response(ctx) {
  return ctx.result;
}
