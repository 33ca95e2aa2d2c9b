import { tsWords } from './lib/words';

export function request() {
  return { payload: tsWords(null as unknown as string) };
}

export function response(ctx: { result: unknown }) {
  return ctx.result;
}
