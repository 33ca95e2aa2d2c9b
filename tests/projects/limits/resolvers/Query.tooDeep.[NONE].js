export function request() {
  let value = [];
  for (let i = 0; i < 100000; i++) value = [value];
  return { payload: value };
}

export function response(ctx) {
  return ctx.result;
}
