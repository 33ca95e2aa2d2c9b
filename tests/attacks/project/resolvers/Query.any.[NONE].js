export function request(ctx) {
  return { payload: [{ __typename: 'Box', id: '1', size: 1 }, { __typename: ctx.args.kind }, null] };
}

export function response(ctx) {
  return ctx.result;
}
