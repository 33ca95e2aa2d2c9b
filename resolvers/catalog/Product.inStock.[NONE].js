// A deprecated field goes on working, computed from what replaced it.
export function request(ctx) {
  return { payload: ctx.source.stock > 0 };
}

export function response(ctx) {
  return ctx.result;
}
