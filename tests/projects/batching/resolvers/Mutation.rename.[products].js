import { update, operations } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => update({ key: { id: ctx.args.id }, update: { name: operations.replace(ctx.args.name) } });
export const response = (ctx) => ctx.result;
