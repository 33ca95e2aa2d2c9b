export function request() {
  let before = 'nothing';
  try {
    before = String(globalThis.left);
    globalThis.left = 'something';
  } catch (error) {
    before = 'refused';
  }
  try {
    Object.prototype.left = 'something';
  } catch (error) {
    before += ', refused';
  }
  return { payload: before };
}

export function response(ctx) {
  return ctx.result;
}
