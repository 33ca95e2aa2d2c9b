export function request(ctx) {}

export function response(ctx) {
  return ctx.result;
}
