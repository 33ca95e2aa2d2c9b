export const request = (ctx) => ({ payload: ctx.args.ids.map((id) => ({ id })) });
export const response = (ctx) => ctx.result;
