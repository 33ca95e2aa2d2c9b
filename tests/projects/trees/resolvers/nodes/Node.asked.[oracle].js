import { answer } from './read';

export const request = (ctx) => ({ operation: 'Invoke', payload: ctx.source.next });
export const response = (ctx) => answer(ctx);
