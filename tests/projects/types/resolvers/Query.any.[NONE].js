import { things } from './things.js';

export function request(ctx) {
  return { payload: things() };
}

export function response(ctx) {
  return ctx.result;
}
