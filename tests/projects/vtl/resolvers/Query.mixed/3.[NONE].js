export function request(ctx) {
  ctx.stash.ran.push(`request 3 in JavaScript, prev ${ctx.prev.result.count}`);
  return { payload: 'end' };
}

export function response(ctx) {
  return ctx.result;
}
