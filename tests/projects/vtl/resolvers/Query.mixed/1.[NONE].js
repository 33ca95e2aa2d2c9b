export function request(ctx) {
  ctx.stash.ran.push(`request 1 in JavaScript, prev ${ctx.prev.result.count}`);
  return { payload: { count: ctx.prev.result.count + 1 } };
}

export function response(ctx) {
  return ctx.result;
}
