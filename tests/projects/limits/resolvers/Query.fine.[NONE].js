export function request(ctx) {
  return { payload: ctx.args.text ?? 'fine' };
}

export function response(ctx) {
  return ctx.result;
}
