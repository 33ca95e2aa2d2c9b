/** Notes what ran. */
export function ran(ctx, what) {
  ctx.stash.ran = ctx.stash.ran ?? [];
  ctx.stash.ran.push(what);
}
