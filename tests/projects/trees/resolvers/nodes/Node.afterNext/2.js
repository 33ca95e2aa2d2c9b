import { read, answer } from '../read';

export const request = (ctx) => read(ctx.prev.result ? ctx.prev.result.next : 'n-0', 'PLAIN');
export const response = (ctx) => answer(ctx);
