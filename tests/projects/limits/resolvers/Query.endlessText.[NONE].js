export function request() {
  let text = 'x';
  for (;;) text += text;
}

export function response(ctx) {
  return ctx.result;
}
