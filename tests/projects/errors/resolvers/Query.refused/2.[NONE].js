export function request(ctx) {
  console.log('never');
  return {};
}

export function response(ctx) {
  return ctx.result;
}
