export function request(ctx) {
  return { payload: [{ id: '1' }, { id: '2' }, { id: '3' }] };
}

export function response(ctx) {
  return ctx.result;
}
