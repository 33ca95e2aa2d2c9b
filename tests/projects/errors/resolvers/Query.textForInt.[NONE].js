export function request(ctx) {
  return { payload: { id: '1', pages: 'x' } };
}

export function response(ctx) {
  return ctx.result;
}
