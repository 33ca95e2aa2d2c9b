import { util } from '@aws-appsync/utils';

// A transaction takes 100 items; an order needs two for each line and one for itself.
const MOST_LINES = 40;

// Before the steps. They share ctx.stash, which lives as long as this one mutation.
export function request(ctx) {
  const { lines, token } = ctx.args.input;
  const cart = [];
  for (const { productId, quantity } of lines) {
    if (quantity < 1) util.error('A quantity is at least 1.', 'BadQuantity');
    // A transaction may write an item once, so the same product twice becomes one line.
    const line = cart.find((other) => other.productId === productId);
    if (line) line.quantity += quantity;
    else cart.push({ productId, quantity });
  }
  if (cart.length === 0) util.error('The cart is empty.', 'EmptyCart');
  if (cart.length > MOST_LINES) util.error(`An order has at most ${MOST_LINES} lines.`, 'TooManyLines');

  ctx.stash.cart = cart;
  ctx.stash.orderId = `o-${token ?? util.autoId()}`;
  return {};
}

// After them: the new order, or the one that an earlier request with this token placed.
export function response(ctx) {
  return ctx.prev.result;
}
