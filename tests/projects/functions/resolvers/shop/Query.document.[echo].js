export const request = (ctx) => ctx.args.document;
export const response = (ctx) => ({ result: ctx.result });
