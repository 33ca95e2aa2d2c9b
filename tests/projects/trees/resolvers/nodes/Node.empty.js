import { read, answer } from './read';

export const request = (ctx) => read('', 'PLAIN');
export const response = (ctx) => answer(ctx);
