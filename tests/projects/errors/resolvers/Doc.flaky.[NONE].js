import { util } from '@aws-appsync/utils';

export function request(ctx) {
  if (ctx.source.id === '2') {
    util.error(`${ctx.info.parentTypeName}.${ctx.info.fieldName} of 2 fails.`, 'Flaky');
  }
  return { payload: 1 };
}

export function response(ctx) {
  return ctx.result;
}
