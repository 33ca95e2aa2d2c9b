export function request(ctx) {
  return { payload: { kindOfInput: typeof ctx.args.value, same: ctx.args.value, text: JSON.stringify(ctx.args.value) } };
}

export function response(ctx) {
  return ctx.result;
}
