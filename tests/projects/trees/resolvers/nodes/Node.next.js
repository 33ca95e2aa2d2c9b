import { read, answer } from './read';

export const request = (ctx) => read(ctx.source.next, ctx.args.how);
export const response = (ctx) => answer(ctx);
