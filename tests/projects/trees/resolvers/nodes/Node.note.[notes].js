// The same number in two spellings is the same key.
export function request(ctx) {
  const number = ctx.args.exactly ? `${ctx.args.number}` : `${ctx.args.number}.0`;
  return { operation: 'GetItem', key: { node: { S: ctx.source.id }, number: { N: number } } };
}
export const response = (ctx) => ctx.result;
