export function request(ctx) {
  return { payload: { args: ctx.args, variables: ctx.info.variables } };
}

export function response(ctx) {
  return ctx.result;
}
