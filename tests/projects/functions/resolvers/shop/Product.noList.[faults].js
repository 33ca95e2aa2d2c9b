import { util } from '@aws-appsync/utils';
export const request = () => ({ operation: 'BatchInvoke', payload: { how: 'object' } });
export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return ctx.result;
}
