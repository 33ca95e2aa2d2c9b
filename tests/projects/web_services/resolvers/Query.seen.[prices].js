export const request = (ctx) => ({ method: 'GET', resourcePath: ctx.args.path });

export const response = (ctx) => ({ result: ctx.result, error: ctx.error });
