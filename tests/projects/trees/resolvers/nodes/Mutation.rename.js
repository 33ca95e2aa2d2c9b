import { update, operations } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => update({ key: { id: ctx.args.id }, update: { label: operations.replace(ctx.args.label) } });
export const response = (ctx) => ctx.result;
