export const request = (ctx) => ({ operation: 'BatchInvoke', payload: { id: ctx.prev.result, scale: 7 } });
export const response = (ctx) => ctx.result;
