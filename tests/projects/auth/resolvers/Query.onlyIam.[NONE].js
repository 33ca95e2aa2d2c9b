export function request(ctx) {
  console.log('ran', ctx.info.fieldName);
  return { payload: ctx.info.fieldName };
}

export function response(ctx) {
  return ctx.result;
}
