export function request() {
  return { payload: 'x'.repeat(6 * 1024 * 1024) };
}

export function response(ctx) {
  return ctx.result;
}
