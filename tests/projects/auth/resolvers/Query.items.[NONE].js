export function request(ctx) {
  console.log('ran', ctx.info.fieldName);
  return { payload: [{ __typename: 'Open', id: '1' }, { __typename: 'Shut', id: '2' }] };
}

export function response(ctx) {
  return ctx.result;
}
