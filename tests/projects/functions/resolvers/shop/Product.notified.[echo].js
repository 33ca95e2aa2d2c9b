export const request = (ctx) => ({ operation: 'BatchInvoke', invocationType: 'Event', payload: ctx.source.id });
export const response = (ctx) => (ctx.result === null && !ctx.error ? 1 : 0);
