const MARK = '!';

export function shout(text) {
  return `${text.toUpperCase()}${MARK}`;
}
