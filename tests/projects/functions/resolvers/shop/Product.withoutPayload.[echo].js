export const request = (ctx) => ({ operation: ctx.source.id === '1' ? 'Invoke' : 'BatchInvoke' });
export const response = (ctx) => ({ result: ctx.result });
