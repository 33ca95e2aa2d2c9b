import { util } from '@aws-appsync/utils';
import { checkTransaction } from '../../lib/errors.js';

// All or nothing, over the tables of two domains: every product has enough stock left, and the order is written.
export function request(ctx) {
  const { orderId, shipTo } = ctx.stash;
  const { customerId, note } = ctx.args.input;
  const { CATALOG_TABLE, ORDERS_TABLE, ORDER_LINES_TABLE } = ctx.env;
  const lines = ctx.prev.result;
  const order = {
    status: 'PLACED',
    placedAt: util.time.nowISO8601(),
    total: lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0),
    shipTo,
    ...(note ? { note } : {}),
  };
  ctx.stash.order = { customerId, orderId, ...order };
  return {
    operation: 'TransactWriteItems',
    transactItems: [
      ...lines.map((line) => takeFromStock(CATALOG_TABLE, line)),
      ...lines.map((line, i) => create(ORDER_LINES_TABLE, { orderId, lineNumber: i + 1 }, line)),
      create(ORDERS_TABLE, { customerId, orderId }, order),
    ],
  };
}

// The reasons of a cancelled transaction come in the order of its items, and the lines were first.
export function response(ctx) {
  checkTransaction(
    ctx,
    ctx.stash.cart.map(({ productId }) => ({ type: 'OutOfStock', message: `There is not enough of ${productId} left.` })),
  );
  console.log('order placed', ctx.stash.orderId, ctx.stash.order.total);
  return ctx.stash.order;
}

function takeFromStock(table, { productId, quantity }) {
  return {
    operation: 'UpdateItem',
    table,
    key: util.dynamodb.toMapValues({ id: productId }),
    update: {
      expression: 'SET stock = stock - :quantity',
      expressionValues: util.dynamodb.toMapValues({ ':quantity': quantity }),
    },
    condition: {
      expression: 'stock >= :needed',
      expressionValues: util.dynamodb.toMapValues({ ':needed': quantity }),
    },
  };
}

function create(table, key, values) {
  return {
    operation: 'PutItem',
    table,
    key: util.dynamodb.toMapValues(key),
    attributeValues: util.dynamodb.toMapValues(values),
    condition: { expression: 'attribute_not_exists(orderId)' },
  };
}
