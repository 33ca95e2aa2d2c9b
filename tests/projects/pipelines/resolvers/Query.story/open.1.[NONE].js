export function request(ctx) {
  ctx.stash.lines.push('1 request');
  ctx.stash.previous = [ctx.prev.result];
  return { payload: 'one' };
}

export function response(ctx) {
  ctx.stash.lines.push(`1 response: ${ctx.result}`);
  return 'from 1';
}
