export const request = (ctx) => ({ operation: 'Invoke', invocationType: 'RequestResponse', payload: { id: ctx.source.id } });
export const response = (ctx) => ctx.result;
