import { read, answer } from './read';

export const request = (ctx) => read('n-0', ctx.args.how);
export const response = (ctx) => answer(ctx);
