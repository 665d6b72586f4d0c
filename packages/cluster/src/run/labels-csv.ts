/** The rows of labels.csv: each sample with its cluster and the probability of that cluster. */
import { writeAtomically } from '../base/atomic-write.js';
import { outOfRange } from '../errors.js';

export interface Assignment {
  /** What names the rows, and their names; default: their numbers from 1, named `row`. */
  readonly ids?: { readonly name: string; readonly values: readonly string[] };
  /** `[N]` the cluster of each row, from 0. */
  readonly clusters: ArrayLike<number>;
  /** `[N]` the probability of that cluster, in [0, 1]. */
  readonly probabilities: ArrayLike<number>;
}

const ROWS_OF_A_PART = 10_000;
const DIGITS = 6;

/** Writes an assignment as a file: whole, or not at all. @throws ClusterError ERR_FILE; RangeError ERR_OUT_OF_RANGE */
export const writeLabels = (file: string, assignment: Assignment): Promise<void> =>
  writeAtomically(file, labelsCsv(assignment));

/**
 * Writes an assignment as CSV, in parts: a header, then `id,cluster,probability` for each row.
 *
 * Probabilities are rounded to 6 digits.
 *
 * @throws RangeError ERR_OUT_OF_RANGE for lengths that differ
 */
export function* labelsCsv({ ids, clusters, probabilities }: Assignment): Generator<string> {
  const rows = clusters.length;
  checkLength('probabilities', probabilities.length, rows);
  if (ids !== undefined) checkLength('ids', ids.values.length, rows);
  yield `${cell(ids?.name ?? 'row')},cluster,probability\n`;
  for (let start = 0; start < rows; start += ROWS_OF_A_PART) {
    let part = '';
    for (let row = start; row < Math.min(rows, start + ROWS_OF_A_PART); row++) {
      const id = ids === undefined ? row + 1 : cell(ids.values[row] as string);
      part += `${id},${clusters[row]},${Number((probabilities[row] as number).toPrecision(DIGITS))}\n`;
    }
    yield part;
  }
}

function checkLength(argument: string, length: number, rows: number): void {
  if (length !== rows) throw outOfRange(argument, `one for each of the ${rows} rows`, `${length}`);
}

/** A cell in quotes where it needs them. */
export const cell = (text: string) => (/[",\r\n]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
