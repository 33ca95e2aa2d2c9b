import { runtime, util } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';
import { checkError } from '../../lib/errors.js';

// `skipTo: 'END'` leaves out all further steps; without it an early return leaves out only this one.
export function request(ctx) {
  const repeated = ctx.prev.result;
  if (repeated) runtime.earlyReturn(repeated, { skipTo: 'END' });
  return get({ key: { id: ctx.args.input.customerId } });
}

export function response(ctx) {
  checkError(ctx);
  if (!ctx.result) util.error('There is no such user.', 'NoSuchUser');
  ctx.stash.shipTo = ctx.args.input.shipTo ?? ctx.result.address;
  if (!ctx.stash.shipTo) util.error('The customer has no address: send `shipTo`.', 'NoAddress');
  return ctx.result;
}
