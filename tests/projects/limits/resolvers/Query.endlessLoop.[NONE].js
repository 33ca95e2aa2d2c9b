export function request() {
  while (true) {}
}

export function response(ctx) {
  return ctx.result;
}
