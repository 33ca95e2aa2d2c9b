import { read, answer } from './read';

export const request = (ctx) => read(ctx.args.id, ctx.args.how);
export const response = (ctx) => answer(ctx);
