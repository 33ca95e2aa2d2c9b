import * as text from './lib/text.js';
import { tsWords } from './lib/words';

function request() {
  return { payload: tsWords(text.shout('from mjs')).join('-') };
}

function answer(ctx) {
  return ctx.result;
}

export { request, answer as response };
