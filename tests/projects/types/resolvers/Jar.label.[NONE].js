export function request(ctx) {
  return { payload: `jar ${ctx.source.id}` };
}

export function response(ctx) {
  return ctx.result;
}
