/** How errors are shown on the command line, and which of them a user can mend. */

/** The options of the library, as its messages write them, and those of the command line. */
const options: readonly (readonly [inCode: RegExp, onCommandLine: string])[] = [
  [/`impute: 'median'`/g, '--impute median'],
  [/`types: \{ '([^`]*)': '(\w+)' \}`/g, "--type '$1=$2'"],
  [/`header: false`/g, '--no-header'],
  // The command line has no such options.
  [/, or (?:`precision: 'float64'`|allow more by `longestLine`)/g, ''],
  [/out of 'types'/g, 'out of --types'],
  [/by 'columns'/g, 'by --columns'],
  [/`(format|types|missing|scale|columns|separator)`/g, '--$1'],
  [/^(clusters|columns|epochs|id|kernel|label|model|objective|redis|restarts|resume|types)(?=[:,[])/g, '--$1'],
  [/--types/g, '--type'],
];

/** The options of the library as the file of a sweep has them. */
const keys: readonly (readonly [inCode: RegExp, inFile: string])[] = [
  [/`impute: 'median'`/g, 'impute: median'],
  [/`types: \{ '([^`]*)': '(\w+)' \}`/g, "types: { '$1': $2 } below data"],
  [/`header: false`/g, 'header: false below data'],
  [/`(format|types|missing|separator)`/g, '$1 below data'],
  [/`(scale|columns)`/g, '$1'],
  [/out of 'types'/g, 'out of types'],
  [/by 'columns'/g, 'by columns'],
];

/** An error in the words of a sweep's file; a message on one of its keys gets the file in front. */
export function inWordsOf(file: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = keys.reduce((text, [inCode, other]) => text.replaceAll(inCode, other), error.message);
  error.message = message
    .replace(/^types(?=[:,[])/, 'data.types')
    .replace(/^(?=(?:columns|label|data\.types)[:,[])/, `${file}, `);
  return error;
}

/** The code of an error, and its message in the words of the command line. */
export function describeError(error: unknown): { code: string; message: string } {
  const { code = 'ERR_UNEXPECTED', message = String(error) } = Object(error) as { code?: string; message?: string };
  return { code, message: options.reduce((text, [inCode, other]) => text.replaceAll(inCode, other), message) };
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
    if (error instanceof Error) error.message = `${place}, ${error.message}`;
    throw error;
  }
}
