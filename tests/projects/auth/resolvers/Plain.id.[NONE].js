export function request(ctx) {
  console.log('ran', ctx.info.fieldName);
  return { payload: ctx.source.id };
}

export function response(ctx) {
  return ctx.result;
}
