export function request(ctx) {
  console.log('ran', ctx.info.fieldName);
  return { payload: { id: 'n1', text: 'text', plain: { id: 'p1' } } };
}

export function response(ctx) {
  return ctx.result;
}
