export function request(ctx) {
  return { payload: { id: '1' } };
}

export function response(ctx) {
  return ctx.result;
}
