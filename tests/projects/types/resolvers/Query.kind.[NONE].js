export function request(ctx) {
  return { payload: ctx.args.kind };
}

export function response(ctx) {
  return ctx.result;
}
