import { extensions } from '@aws-appsync/utils';

export function request(ctx) {
  return {};
}

export function response(ctx) {
  extensions.invalidateSubscriptions({ subscriptionField: 'onSave', payload: {} });
  return ctx.result;
}
