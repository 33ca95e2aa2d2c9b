export function request(ctx) {
  return 'GetItem';
}

export function response(ctx) {
  return ctx.result;
}
