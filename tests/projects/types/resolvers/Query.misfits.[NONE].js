export function request(ctx) {
  return { payload: { int: 2147483648, float: 'x', string: ['a', 1], boolean: {}, id: 1.5, list: 1 } };
}

export function response(ctx) {
  return ctx.result;
}
