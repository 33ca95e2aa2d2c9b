/** `{}` means no filter, but DynamoDB refuses the empty expression that it would become. */
export function notEmpty(filter) {
  return filter && Object.keys(filter).length > 0 ? filter : null;
}
