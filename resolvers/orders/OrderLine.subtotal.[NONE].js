// Computed on the way out: what follows from other fields need not be stored.
export function request(ctx) {
  return { payload: ctx.source.quantity * ctx.source.unitPrice };
}

export function response(ctx) {
  return ctx.result;
}
