import { util } from '@aws-appsync/utils';

export function request(ctx) {
  console.log('asked for', ctx.info.fieldName);
  return { payload: null };
}

export function response(ctx) {
  console.error('about to fail');
  util.error('Too late.', 'Late');
}
