import { util, runtime } from '@aws-appsync/utils';
import { get } from '@aws-appsync/utils/dynamodb';

// The request for one node, as `how` says.
export function read(id, how) {
  if (how === 'EARLY') {
    runtime.earlyReturn({ id: 'early', label: id, next: 'n-1' });
  }
  if (how === 'REFUSED') {
    util.error(`refused ${id}`, 'Refused', { id }, { how });
  }
  const consistentRead = how === 'CONSISTENT' || how === 'CONSISTENT_LABELS';
  if (how === 'LABELS' || how === 'CONSISTENT_LABELS') {
    return get({ key: { id }, consistentRead, projection: ['label', 'next'] });
  }
  if (how === 'KEYS') {
    return get({ key: { id }, projection: ['id'] });
  }
  return get({ key: { id }, consistentRead });
}

export function answer(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type, ctx.result);
  }
  if (ctx.args.how === 'RAISED') {
    util.error(`raised by ${ctx.info.fieldName}`, 'Raised', ctx.result);
  }
  if (ctx.args.how === 'APPENDED') {
    util.appendError(`appended by ${ctx.info.fieldName}`, 'Appended');
  }
  return ctx.result;
}
