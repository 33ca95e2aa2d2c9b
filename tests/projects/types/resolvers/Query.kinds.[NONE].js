export function request(ctx) {
  return { payload: ['SMALL', 'HUGE', 'LARGE', 7] };
}

export function response(ctx) {
  return ctx.result;
}
