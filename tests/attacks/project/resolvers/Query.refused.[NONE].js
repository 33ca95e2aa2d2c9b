import { util } from '@aws-appsync/utils';
import { node } from './nodes.js';

export function request(ctx) {
  util.error(ctx.args.text ?? 'refused', 'Refused', node('1'), { info: 'x'.repeat(1000) });
}

export function response(ctx) {
  return ctx.result;
}
