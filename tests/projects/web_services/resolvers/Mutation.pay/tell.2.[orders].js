import { util } from '@aws-appsync/utils';

export function request(ctx) {
  const { id, amount } = ctx.prev.result;
  const time = util.time.nowISO8601();
  return { operation: 'PutEvents', events: [{ source: 'shop.payments', detailType: 'paid', detail: { id, amount }, time }] };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return { ...ctx.prev.result, eventId: ctx.result.Entries[0].EventId };
}
