export function request() {
  return { payload: { id: '1', node: { id: '2', node: { id: '3', node: { id: '4' } } } } };
}

export function response(ctx) {
  return ctx.result;
}
