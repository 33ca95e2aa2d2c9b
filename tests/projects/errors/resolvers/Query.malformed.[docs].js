export function request(ctx) {
  return { key: { id: { S: '1' } } };
}

export function response(ctx) {
  return { id: 'the response handler does not run' };
}
