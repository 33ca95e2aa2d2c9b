import { extensions } from '@aws-appsync/utils';

export function request(ctx) {
  return { payload: 'done' };
}

export function response(ctx) {
  [1, 2].forEach((id) => {
    extensions.invalidateSubscriptions({ subscriptionField: ctx.args.field, payload: { id } });
  });
  return ctx.result;
}
