export function request(ctx) {
  return { payload: Array.from({ length: ctx.args.count }, (_, index) => ({ id: index })) };
}

export function response(ctx) {
  return ctx.result;
}
