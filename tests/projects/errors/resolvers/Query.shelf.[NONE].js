import { util } from '@aws-appsync/utils';

export function request(ctx) {
  const doc = (id) => ({ id, title: `Title ${id}`, secret: 's', author: { name: 'Ada', mail: 'ada@example.com' } });
  const shelf = {
    docs: [doc('1'), null, doc('2')],
    rows: [[doc('3')], [doc('4'), doc('5')]],
    item: { __typename: 'Author', name: 'Ada', mail: 'ada@example.com' },
    note: { any: ['thing'] },
    secret: 's',
  };
  util.error('The shelf is locked.', 'Locked', shelf, { item: shelf.item, secret: 's' });
}

export function response(ctx) {
  return ctx.result;
}
