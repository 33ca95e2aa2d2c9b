export const response = (ctx) => ({ source: ctx.result.source, keys: Object.keys(ctx.result) });
