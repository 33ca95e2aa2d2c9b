import { runtime } from '@aws-appsync/utils';
// Every third product takes a call more.
export function request(ctx) {
  if (Number(ctx.source.id) % 3 !== 0) runtime.earlyReturn(ctx.source.id);
  return { operation: 'Invoke', payload: ctx.source.id };
}
export const response = (ctx) => ctx.result;
