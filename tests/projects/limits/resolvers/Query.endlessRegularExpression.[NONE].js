export function request() {
  return { payload: /^(a+)+$/.test('a'.repeat(60) + 'b') };
}

export function response(ctx) {
  return ctx.result;
}
