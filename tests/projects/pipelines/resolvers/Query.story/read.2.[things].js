import { get } from '@aws-appsync/utils/dynamodb';

export function request(ctx) {
  ctx.stash.lines.push(`2 request: result is ${JSON.stringify(ctx.result)}`);
  ctx.stash.previous.push(ctx.prev.result);
  return get({ key: { id: '1' } });
}

export function response(ctx) {
  ctx.stash.lines.push(`2 response: ${ctx.result.name}`);
  return 'from 2';
}
