export const request = (ctx) => ({ operation: 'Invoke', payload: ctx.args });
