export const request = (ctx) => ({ operation: 'Invoke', payload: ctx.args });
export const response = (ctx) => ({ error: ctx.error, result: ctx.result });
