export function request(ctx) {
  return ctx.nothing.there;
}

export function response(ctx) {
  return ctx.result;
}
