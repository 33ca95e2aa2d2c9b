export const request = () => ({ operation: 'Invoke' });
export const response = (ctx) => ctx.error.type;
