export type Words = string[];

interface Options {
  readonly separator?: string;
}

export function tsWords(text: string, { separator = ' ' }: Options = {}): Words {
  return text.split(separator);
}
