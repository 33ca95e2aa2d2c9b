export function request() {
  const again = (depth) => again(depth + 1) + 1;
  return { payload: again(0) };
}

export function response(ctx) {
  return ctx.result;
}
