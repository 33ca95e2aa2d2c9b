interface Removed {
  these: string;
  lines: number;
}

export function request(ctx: { args: Record<string, Removed> }) {
  const missing: Removed = ctx.args.nothing;
  return { payload: missing.these };
}

export function response(ctx: { result: unknown }) {
  return ctx.result;
}
