export function request() {
  const list = [];
  for (;;) list.push({ list: new Array(1000).fill(list.length) });
}

export function response(ctx) {
  return ctx.result;
}
