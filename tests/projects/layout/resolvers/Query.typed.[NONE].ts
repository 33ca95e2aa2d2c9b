import { Context, util } from '@aws-appsync/utils';
import type { Words } from './lib/words';
import { tsWords } from './lib/words.ts';

type Arguments = {
  input: { name: string; count?: number };
};

enum Tone {
  Calm = 'calm',
}

export function request(ctx: Context<Arguments>) {
  const { name, count } = ctx.args.input;
  console.log('count is', count as number, Tone.Calm);
  return { payload: { greeting: `Hello ${name!}`, words: tsWords('a b') satisfies Words } };
}

export function response(ctx: Context<Arguments>): unknown {
  return ctx.result;
}
