export const request = (ctx) => ({ method: 'GET', resourcePath: `/users/${ctx.args.id}` });

export const response = (ctx) => (ctx.error ? null : JSON.parse(ctx.result.body));
