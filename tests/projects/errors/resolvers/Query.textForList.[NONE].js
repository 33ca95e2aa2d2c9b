export function request(ctx) {
  return { payload: 'text' };
}

export function response(ctx) {
  return ctx.result;
}
