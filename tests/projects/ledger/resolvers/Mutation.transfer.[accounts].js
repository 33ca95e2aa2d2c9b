import { util } from '@aws-appsync/utils';
import { answer } from './lib/answer.js';

export function request(ctx) {
  const { id, from, to, amount } = ctx.args;
  const values = (members) => util.dynamodb.toMapValues(members);
  const change = (account, sign) => ({
    table: 'accounts',
    operation: 'UpdateItem',
    key: values({ id: account }),
    update: { expression: `SET balance = balance ${sign} :amount`, expressionValues: values({ ':amount': amount }) },
  });
  const taken = change(from, '-');
  taken.condition = { expression: 'balance >= :least', expressionValues: values({ ':least': amount }) };
  const receipt = {
    table: 'receipts',
    operation: 'PutItem',
    key: values({ id }),
    attributeValues: values({ text: `${from} ${to} ${amount}` }),
    condition: { expression: 'attribute_not_exists(id)' },
  };
  return { operation: 'TransactWriteItems', transactItems: [taken, change(to, '+'), receipt] };
}

export function response(ctx) {
  answer(ctx);
  return ctx.args.id;
}
