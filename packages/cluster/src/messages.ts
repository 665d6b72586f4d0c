/** Messages of errors: their parts, so that each user reads the names of options as he writes them. */

/** An option of the library in a message, perhaps with a value. */
export interface OptionName {
  readonly option: string;
  /** A text, true or false, or the type of a column by its name. */
  readonly value?: string | boolean | Readonly<Record<string, string>>;
}

/** Names an option in a text. */
export const option = (name: string, value?: OptionName['value']): OptionName => ({
  option: name,
  ...(value !== undefined && { value }),
});

/** A text, perhaps with options in it. A part of parts is left out where its reader has no such option. */
export type Text = string | readonly (string | OptionName | Text)[];

/** A place that begins with the name of an argument. */
export interface ArgumentPlace {
  readonly argument: string;
  readonly rest: string;
}

/** The parts of a message. */
export interface Message {
  readonly place: string | ArgumentPlace;
  readonly expected: string;
  readonly received: string;
  readonly remedy?: Text | undefined;
}

/** How options are written. */
export interface Words {
  /** An option within a text; undefined for one that is not there. */
  option(option: OptionName): string | undefined;
  /** An argument as the place of an error. */
  argument(name: string): string;
}

const inCode: Words = {
  option: ({ option, value }) => `\`${option}${value === undefined ? '' : `: ${literal(value)}`}\``,
  argument: (name) => name,
};

function literal(value: NonNullable<OptionName['value']>): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'boolean') return `${value}`;
  return `{ ${Object.entries(value).map(([name, each]) => `'${name}': '${each}'`)} }`;
}

/** The place of an argument: its name alone, or with what follows it, such as `[3]`. */
export function placeOfArgument(text: string): string | ArgumentPlace {
  const argument = /^\w+(?![\w.(])/.exec(text)?.[0];
  return argument === undefined ? text : { argument, rest: text.slice(argument.length) };
}

/** The messages of errors, in parts. */
const messages = new WeakMap<Error, Message>();

/** Makes an error with a message, and remembers its parts. */
export function explained<T extends Error>(message: Message, make: (text: string) => T): T {
  const error = make(textOf(message, inCode));
  messages.set(error, message);
  return error;
}

/** Writes the message of an error in other words, for good; errors of others stay as they are. */
export function reword(error: unknown, words: Words): void {
  const message = error instanceof Error && messages.get(error);
  if (!message) return;
  error.message = textOf(message, words);
  messages.delete(error);
}

/** Puts a place in front of the message of an error: its own place is no argument of the reader's. */
export function putInFront(place: string, error: unknown): void {
  if (!(error instanceof Error)) return;
  error.message = `${place}, ${error.message}`;
  const message = messages.get(error);
  if (message === undefined) return;
  const { place: own } = message;
  messages.set(error, { ...message, place: `${place}, ${typeof own === 'string' ? own : own.argument + own.rest}` });
}

function textOf({ place, expected, received, remedy }: Message, words: Words): string {
  const where = typeof place === 'string' ? place : words.argument(place.argument) + place.rest;
  const text = `${where}: expected ${expected}, received ${received}`;
  const way = remedy === undefined ? undefined : said(remedy, words);
  return way === undefined ? text : `${text}; ${way}`;
}

/** A text in words; undefined where one of its own options has none. */
function said(text: Text, words: Words): string | undefined {
  if (typeof text === 'string') return text;
  let result = '';
  for (const part of text) {
    if (isOption(part)) {
      const name = words.option(part);
      if (name === undefined) return undefined;
      result += name;
    } else result += said(part, words) ?? '';
  }
  return result;
}

const isOption = (part: string | OptionName | Text): part is OptionName =>
  typeof part === 'object' && !Array.isArray(part);
