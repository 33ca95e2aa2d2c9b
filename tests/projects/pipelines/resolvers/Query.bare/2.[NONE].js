export function request(ctx) {
  return { payload: `${ctx.prev.result}, then 2` };
}

export function response(ctx) {
  return ctx.result;
}
