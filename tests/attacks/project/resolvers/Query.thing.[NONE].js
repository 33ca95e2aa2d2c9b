export function request(ctx) {
  return { payload: { __typename: ctx.args.kind === 'BOX' ? 'Box' : 'Jar', id: '1', size: 1, lid: true } };
}

export function response(ctx) {
  return ctx.result;
}
