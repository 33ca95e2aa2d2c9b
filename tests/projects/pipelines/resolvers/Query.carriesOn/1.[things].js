import { ran } from '../steps.js';

export function request(ctx) {
  return { operation: 'PutItem', key: { id: { S: '1' } }, condition: { expression: 'attribute_not_exists(id)' } };
}

export function response(ctx) {
  ran(ctx, `1 response: ${ctx.error.type}`);
  return 'ignored';
}
