import { extensions } from '@aws-appsync/utils';

export function request(ctx) {
  return { payload: 'done' };
}

export function response(ctx) {
  [1, 2, 3].slice(0, ctx.args.count).forEach((id) => {
    extensions.evictFromApiCache('Query', 'one', { 'context.arguments.name': id });
  });
  return ctx.result;
}
