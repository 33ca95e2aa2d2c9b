// A computed field. `ctx.source` is the whole item, also the attributes that the schema does not show.
export function request(ctx) {
  const { ratingSum, ratingCount } = ctx.source;
  return { payload: ratingCount > 0 ? Math.round((ratingSum / ratingCount) * 10) / 10 : null };
}

export function response(ctx) {
  return ctx.result;
}
