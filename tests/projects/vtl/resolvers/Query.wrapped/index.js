export function request(ctx) {
  ctx.stash.ran = ['before in JavaScript'];
  return { from: 'script' };
}

export function response(ctx) {
  return { ran: ctx.stash.ran, result: ctx.prev.result };
}
