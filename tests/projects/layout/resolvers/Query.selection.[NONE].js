export function request(ctx) {
  return { payload: { list: ctx.info.selectionSetList, graphql: ctx.info.selectionSetGraphQL } };
}

export const response = (ctx) => ctx.result;
