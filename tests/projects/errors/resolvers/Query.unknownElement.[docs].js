export function request(ctx) {
  return { operation: 'GetItem', key: { id: { S: '1' } }, keys: [] };
}

export function response(ctx) {
  return ctx.result;
}
