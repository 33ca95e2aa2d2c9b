// What runs before the first function and after the last.
export function request(ctx) {
  ctx.stash.lines = [`before: prev is ${JSON.stringify(ctx.prev)}`];
  return 'from before';
}

export function response(ctx) {
  ctx.stash.lines.push('after');
  return { lines: ctx.stash.lines, previous: ctx.stash.previous, result: `${ctx.prev.result} = ${ctx.result}` };
}
