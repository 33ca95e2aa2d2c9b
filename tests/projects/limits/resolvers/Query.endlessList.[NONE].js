export function request() {
  const list = [];
  for (;;) list.push({ list: new Array(9999).fill(list.length) });
}

export function response(ctx) {
  return ctx.result;
}
