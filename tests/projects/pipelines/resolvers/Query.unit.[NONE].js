import { runtime } from '@aws-appsync/utils';

export function request(ctx) {
  if (ctx.args.early) {
    runtime.earlyReturn('early');
  }
  return { payload: 'late' };
}

export function response(ctx) {
  return `response of ${ctx.result}`;
}
