export function request(ctx) {
  return { payload: `prev is ${JSON.stringify(ctx.prev)}` };
}

export function response(ctx) {
  return ctx.result;
}
