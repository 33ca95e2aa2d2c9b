import { util } from '@aws-appsync/utils';

export function request(ctx) {
  if (ctx.args.text === '') {
    util.error('there is nothing to say', 'Empty');
  }
  return { payload: ctx.args.text };
}

export function response(ctx) {
  return ctx.result;
}
