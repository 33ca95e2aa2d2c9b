export const request = () => ({ payload: 'hello' });
export const response = (ctx) => ctx.result;
