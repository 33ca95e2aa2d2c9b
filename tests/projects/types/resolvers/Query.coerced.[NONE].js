export function request(ctx) {
  return { payload: { int: '12', float: '1.5', string: { id: 1, name: 'x' }, boolean: 'TRUE', id: 7, list: ['1', 2.0] } };
}

export function response(ctx) {
  return ctx.result;
}
