export const request = (ctx) => ({ payload: ctx.request.headers });
export const response = (ctx) => ctx.result;
