import { runtime, util } from '@aws-appsync/utils';

export function request(ctx) {
  if (ctx.source.friendIds.length === 0) {
    runtime.earlyReturn([]);
  }
  return {
    operation: 'BatchGetItem',
    tables: { 'layout-people': { keys: ctx.source.friendIds.map((id) => util.dynamodb.toMapValues({ id })) } },
  };
}

export const response = (ctx) => ctx.result.data['layout-people'];
