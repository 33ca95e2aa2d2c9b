export const request = (ctx) => ({ payload: ctx.env });
export const response = (ctx) => ctx.result;
