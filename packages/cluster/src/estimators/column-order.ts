/** The order of a column's numbers, and their ranks. */
import type { Precision } from 'genmi';

/** Neighbours that change places, for each number, before a sort begins that needs no luck. */
const MOST_MOVES = 16;

/**
 * Sorts columns of n numbers: into n buckets of equal width, then within each by insertion. Where many numbers share a
 * bucket, as beside an outlier, the system's sort takes over.
 *
 * Cost: O(n) for most columns, at most O(n log n).
 */
export class ColumnOrder {
  readonly #n: number;
  /** `[n]` the column. */
  readonly #values: Float64Array;
  /** `[n]` the column in rising order. */
  readonly #sorted: Float64Array;
  /** `[n + 1]` the first place of each bucket. */
  readonly #places: Int32Array;

  constructor(n: number) {
    this.#n = n;
    this.#values = new Float64Array(n);
    this.#sorted = new Float64Array(n);
    this.#places = new Int32Array(n + 1);
  }

  /**
   * Writes the rows of a column in rising order of its numbers, and the rank of each: from 0, the same one for equal
   * numbers, which keep the order of their rows.
   *
   * @param data `[n x d]`
   * @param rows `[d x n]`, written from `column * n` on, as are `ranks`
   */
  write(data: Precision, column: number, rows: Int32Array, ranks: Int32Array): void {
    const [n, sorted] = [this.#n, this.#sorted];
    const own = rows.subarray(column * n, (column + 1) * n);
    this.#fillBuckets(data, column, own);
    if (!this.#sortByInsertion(own)) this.#sortBySearch(own);
    let rank = 0;
    for (let t = 0; t < n; t++) {
      if (t > 0 && sorted[t] !== sorted[t - 1]) rank++;
      ranks[column * n + t] = rank;
    }
  }

  /** Puts each row into the bucket of its number; those of one bucket keep their order. */
  #fillBuckets(data: Precision, column: number, rows: Int32Array): void {
    const [n, values, sorted, places] = [this.#n, this.#values, this.#sorted, this.#places.fill(0)];
    const d = data.length / n;
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < n; i++) {
      const value = data[i * d + column];
      values[i] = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    // Where this or a product with it is no number or infinite, the bucket is 0: NaN | 0 and Infinity | 0 are.
    const perUnit = (n - 1) / (high - low);
    for (let i = 0; i < n; i++) places[(((values[i] - low) * perUnit) | 0) + 1]++;
    for (let b = 1; b <= n; b++) places[b] += places[b - 1];
    for (let i = 0; i < n; i++) {
      const place = places[((values[i] - low) * perUnit) | 0]++;
      rows[place] = i;
      sorted[place] = values[i];
    }
  }

  /** Sorts numbers that are nearly in order. Returns false, with the numbers in disorder, if that would take long. */
  #sortByInsertion(rows: Int32Array): boolean {
    const [n, sorted] = [this.#n, this.#sorted];
    let moves = 0;
    for (let t = 1; t < n; t++) {
      const value = sorted[t];
      if (sorted[t - 1] <= value) continue;
      const row = rows[t];
      let to = t;
      for (; to > 0 && sorted[to - 1] > value; to--) {
        sorted[to] = sorted[to - 1];
        rows[to] = rows[to - 1];
      }
      sorted[to] = value;
      rows[to] = row;
      moves += t - to;
      if (moves > MOST_MOVES * n) return false;
    }
    return true;
  }

  /** Sorts the numbers alone, and looks for the place of each row: an order of rows takes JavaScript several times as long. */
  #sortBySearch(rows: Int32Array): void {
    const [n, values, sorted, taken] = [this.#n, this.#values, this.#sorted, this.#places.fill(0)];
    sorted.set(values);
    sorted.sort();
    for (let i = 0; i < n; i++) {
      const place = firstNotBelow(sorted, values[i]);
      rows[place + taken[place]++] = i;
    }
  }
}

/** The first place in a rising list whose value is >= `value`. */
function firstNotBelow(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
