/** The values of a YAML or JSON file with the lines that they stand in. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { describe, failed, listed } from '../errors.js';

/** A file as it is walked through. */
interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * The value of a whole file.
 *
 * @throws ClusterError ERR_FORMAT with the line, ERR_EMPTY
 */
export function readEntry(file: string, text: string): Entry {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw failed(
      'ERR_FORMAT',
      `${file}, line ${line}, column ${col}`,
      'YAML or JSON',
      error.message,
      'correct it',
      error,
    );
  }
  const entry = new Entry({ file, document, lines }, document.contents, '', 0);
  if (entry.value === null)
    throw failed('ERR_EMPTY', file, 'a sweep', 'an empty file', 'name `data` and `models` in it');
  return entry;
}

/** A value and its place. Its readers throw ClusterError ERR_FORMAT, with the line, for values of another kind. */
export class Entry {
  readonly #source: Source;
  readonly #node: unknown;
  /** The keys and indices that lead to the value. */
  readonly #path: string;
  /** The position in the text of what stands for the value where it is left out. */
  readonly #from: number;

  constructor(source: Source, node: unknown, path: string, from: number) {
    this.#source = source;
    this.#node = isAlias(node) ? node.resolve(source.document) : node;
    this.#path = path;
    this.#from = (node as { range?: [number, number, number] } | null)?.range?.[0] ?? from;
  }

  /** The value of a text, a number, true, false or null; lists and mappings as an array and an object without content. */
  get value(): unknown {
    if (isScalar(this.#node)) return this.#node.value;
    if (isSeq(this.#node)) return new Array(this.#node.items.length);
    return isMap(this.#node) ? Object.fromEntries(this.#node.items.map(({ key }) => [String(key), null])) : null;
  }

  /** Where the value stands: the file, its line, and the keys that lead to it. */
  get place(): string {
    const line = `${this.#source.file}, line ${this.#source.lines.linePos(this.#from).line}`;
    return this.#path === '' ? line : `${line}, ${this.#path}`;
  }

  wrong(expected: string, remedy?: string): Error {
    return failed('ERR_FORMAT', this.place, expected, describe(this.value), remedy);
  }

  /** The values of a mapping by their keys, all of which must be known. */
  fields<Key extends string>(known: readonly Key[]): Partial<Record<Key, Entry>> {
    const fields: Partial<Record<string, Entry>> = {};
    for (const { key, value } of this.#pairs()) {
      const name = new Entry(this.#source, key, this.#path, this.#from);
      if (!known.includes(name.value as Key)) throw name.wrong(`one of the keys ${listedAll(known)}`);
      fields[name.value as Key] = this.#child(name, value, `.${name.value}`);
    }
    return fields as Partial<Record<Key, Entry>>;
  }

  /** The values of a mapping with any texts as keys. */
  entries(): [name: string, entry: Entry][] {
    return this.#pairs().map(({ key, value }) => {
      const name = new Entry(this.#source, key, this.#path, this.#from);
      return [`${name.value}`, this.#child(name, value, `.${name.value}`)];
    });
  }

  /** The values of a list, one at least. */
  list(): Entry[] {
    if (!isSeq(this.#node) || this.#node.items.length === 0)
      throw this.wrong('a list of one or more values, as [a, b]');
    return this.#node.items.map((item, i) => new Entry(this.#source, item, `${this.#path}[${i}]`, this.#from));
  }

  text(): string {
    if (typeof this.value === 'string') return this.value;
    throw this.wrong('a text', typeof this.value === 'object' ? undefined : 'put it in quotes');
  }

  boolean(): boolean {
    if (typeof this.value === 'boolean') return this.value;
    throw this.wrong('true or false');
  }

  integer(least = -Infinity): number {
    const { value } = this;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    throw this.wrong(`a whole number${Number.isFinite(least) ? ` of ${least} or more` : ''}`);
  }

  oneOf<T extends string>(names: readonly T[]): T {
    if (names.includes(this.value as T)) return this.value as T;
    throw this.wrong(`one of ${listedAll(names)}`);
  }

  #pairs() {
    if (isMap(this.#node)) return this.#node.items;
    throw this.wrong('keys with values, as key: value');
  }

  #child(name: Entry, value: unknown, step: string): Entry {
    return new Entry(this.#source, value, `${this.#path}${step}`.replace(/^\./, ''), name.#from);
  }
}

/** Names in groups, since a message shows a few names of a list alone. */
const listedAll = (names: readonly string[]) => (names.length > 40 ? listed(names) : names.join(', '));
