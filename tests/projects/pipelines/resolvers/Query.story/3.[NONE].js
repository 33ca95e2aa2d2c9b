export function request(ctx) {
  ctx.stash.lines.push('3 request');
  ctx.stash.previous.push(ctx.prev.result);
  return { payload: 'three' };
}

export function response(ctx) {
  ctx.stash.lines.push('3 response');
  return 'from 3';
}
