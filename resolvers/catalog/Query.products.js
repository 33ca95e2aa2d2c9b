import { util } from '@aws-appsync/utils';
import { notEmpty } from '../lib/filter.js';
import { page, paging } from '../lib/paging.ts';

// `toDynamoDBFilterExpression` answers with JSON text, which a request written by hand has to parse.
export function request(ctx) {
  const filter = notEmpty(ctx.args.filter);
  return {
    operation: 'Scan',
    filter: filter ? JSON.parse(util.transform.toDynamoDBFilterExpression(filter)) : null,
    ...paging(ctx.args),
  };
}

export function response(ctx) {
  return page(ctx);
}
