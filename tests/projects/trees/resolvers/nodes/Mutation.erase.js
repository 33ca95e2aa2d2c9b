import { remove } from '@aws-appsync/utils/dynamodb';

export const request = (ctx) => remove({ key: { id: ctx.args.id } });
export const response = (ctx) => ctx.result;
