import { put } from '@aws-appsync/utils/dynamodb';

export function request(ctx) {
  return put({ key: { id: '1' }, item: { title: 'Other' }, condition: { id: { attributeExists: false } } });
}

// Whoever does not look at ctx.error does not hear of it.
export function response(ctx) {
  return { id: ctx.error.type, title: 'all is well' };
}
