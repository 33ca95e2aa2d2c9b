export function request(ctx) {
  ctx.stash.kept = ctx.args.number;
  return { from: 'before' };
}
export const response = (ctx) => ctx.prev.result;
