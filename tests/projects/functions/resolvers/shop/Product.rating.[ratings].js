export const request = (ctx) => ({ operation: 'BatchInvoke', payload: { id: ctx.source.id, scale: ctx.args.scale } });
export const response = (ctx) => ctx.result ?? -1;
