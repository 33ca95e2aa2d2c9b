export function request(ctx) {
  const { lastSync } = ctx.args;
  return { operation: 'Sync', lastSync: lastSync ? lastSync : null, deltaIndexName: 'byDay' };
}

export const response = (ctx) => ctx.result.items;
