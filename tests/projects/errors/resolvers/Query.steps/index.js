import { util } from '@aws-appsync/utils';

export function request(ctx) {
  util.appendError('before', 'Step');
  return {};
}

export function response(ctx) {
  util.appendError('after', 'Step', null, ctx.outErrors.map((error) => error.message));
  if (ctx.args.fails) {
    util.error('the end', 'End', { id: '1', title: 'not selected' });
  }
  return ctx.result;
}
