/** How errors are shown on the command line, and which of them a user can mend. */
import { type OptionName, putInFront, reword, type Words } from '../messages.js';

/** The options of the library that the command line has, with their names there. */
const names: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...[
        'cluster',
        'clusters',
        'columns',
        'decimal',
        'epochs',
        'format',
        'id',
        'impute',
        'kernel',
        'label',
        'missing',
      ],
      ...['model', 'objective', 'redis', 'restarts', 'resume', 'scale', 'seed', 'separator'],
    ].map((name) => [name, `--${name}`]),
  ),
  header: '--header',
  types: '--type',
};

const words: Words = {
  option({ option, value }: OptionName) {
    const name = Object.hasOwn(names, option) ? names[option] : undefined;
    if (name === undefined || value === undefined || value === true) return name;
    if (value === false) return name.replace('--', '--no-');
    if (typeof value === 'string') return `${name} ${value}`;
    const given = Object.entries(value).map(([column, type]) => `${name} '${column}=${type}'`);
    return given.join(' ');
  },
  argument: (name) => (Object.hasOwn(names, name) ? (names[name] as string) : name),
};

/** The code of an error, and its message in the words of the command line. */
export function describeError(error: unknown): { code: string; message: string } {
  reword(error, words);
  const { code = 'ERR_UNEXPECTED', message = String(error) } = Object(error) as { code?: string; message?: string };
  return { code, message };
}

/** Whether the input, and not the program or the machine, is to blame. */
export function isBadInput(error: unknown): boolean {
  const { name, code } = Object(error) as { name?: string; code?: string };
  return name === 'ClusterError' || code === 'ERR_INVALID_ARG_TYPE' || code === 'ERR_OUT_OF_RANGE';
}

/** Runs a call; an error gets the place in front of its message. */
export function within<T>(place: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    putInFront(place, error);
    throw error;
  }
}
