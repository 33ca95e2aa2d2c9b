import { read, answer } from '../read';

export const request = (ctx) => read(ctx.args.id, 'PLAIN');
export const response = (ctx) => answer(ctx);
