import { read, answer } from '../read';

export const request = (ctx) => read(ctx.source.next, 'PLAIN');
export const response = (ctx) => answer(ctx);
