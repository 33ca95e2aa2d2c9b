// No request: the function is asked directly, and its answer shaped.
export const response = (ctx) => ({ keys: Object.keys(ctx.result), headers: ctx.result.request.headers });
