let calls = 0;

export function request(ctx) {
  calls += 1;
  return {
    payload: {
      args: ctx.args,
      variables: Object.keys(ctx.info.variables),
      selects: ctx.info.selectionSetList,
      calls,
      // what `__proto__` in a client's JSON must not do
      polluted: [{}.polluted, [].polluted, ctx.args.polluted, ctx.stash.polluted].filter((value) => value !== undefined),
    },
  };
}

export function response(ctx) {
  return ctx.result;
}
