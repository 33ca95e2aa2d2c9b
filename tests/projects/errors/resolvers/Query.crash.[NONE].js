export function request(ctx) {
  return { payload: ctx.args.input.id };
}

export function response(ctx) {
  return ctx.result;
}
