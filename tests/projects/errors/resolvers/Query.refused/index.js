export function request(ctx) {
  return {};
}

export function response(ctx) {
  console.log('never');
  return ctx.result;
}
