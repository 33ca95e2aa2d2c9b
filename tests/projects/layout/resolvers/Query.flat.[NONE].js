import { shout } from './lib/text.js';

export const request = (ctx) => ({ payload: shout(ctx.args.text) });
export const response = (ctx) => ctx.result;
