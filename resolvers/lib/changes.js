import { util } from '@aws-appsync/utils';
import { operations } from '@aws-appsync/utils/dynamodb';

/** An input as an update: what was sent is set, what was sent as null is removed, what was left out stays. */
export function changes(values, required) {
  const update = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === null && required.includes(name)) util.error(`\`${name}\` cannot be removed.`, 'RequiredField');
    update[name] = value === null ? operations.remove() : operations.replace(value);
  }
  return update;
}
