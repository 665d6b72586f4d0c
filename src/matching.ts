/**
 * The matching of rows and columns whose entries have the largest sum: each row and each column at most once.
 *
 * The method is shortest augmenting paths over the positive entries alone; it is exact for integers. An unmatched row
 * counts as matched with a column of its own, whose entries are 0.
 *
 * @see Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2 (1955); Jonker and
 *   Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems", Computing 38
 *   (1987)
 */
import type { SparseTable } from './labels.js';
import { allocating } from './memory.js';

/**
 * Finds the matching whose entries have the largest sum.
 *
 * @param table the E positive entries of C rows
 * @param columns the number of columns, K
 * @returns `[C]` the column of each row, -1 for an unmatched row
 * Cost: C searches, each of at most E log E steps; most end after a few steps.
 * @throws GenmiError ERR_OUT_OF_MEMORY
 */
export function heaviestMatching(table: SparseTable, columns: number): Int32Array {
  const rows = table.starts.length - 1;
  const what = () => `A matching of ${rows} x ${columns}`;
  return allocating(what, 12 * rows + 24 * columns, 'use fewer samples', () => {
    const search = new Search(table, columns);
    for (let row = 0; row < rows; row++) search.add(row);
    return search.columnOf;
  });
}

/** The matching of the rows added so far. Costs are negated entries; u + v <= cost, with equality where matched. */
class Search {
  readonly columnOf: Int32Array;
  readonly #table: SparseTable;
  readonly #rowOf: Int32Array;
  readonly #u: Float64Array;
  readonly #v: Float64Array;
  /** `[K]` the length of the shortest path found from the added row to each column, Infinity where there is none. */
  readonly #distance: Float64Array;
  /** `[K]` the row before each column on that path. */
  readonly #previous: Int32Array;
  readonly #queue = new Queue();

  constructor(table: SparseTable, columns: number) {
    const rows = table.starts.length - 1;
    this.#table = table;
    this.columnOf = new Int32Array(rows).fill(-1);
    this.#rowOf = new Int32Array(columns).fill(-1);
    this.#u = new Float64Array(rows);
    this.#v = new Float64Array(columns);
    this.#distance = new Float64Array(columns).fill(Infinity);
    this.#previous = new Int32Array(columns);
  }

  /** Adds a row, by the shortest path from it to a free column or to a row that gives up its column. */
  add(row: number): void {
    const reached: number[] = [];
    const passed: number[] = [];
    let [from, distance] = [row, 0];
    let [last, shortest] = [row, Infinity];
    let free = -1;
    for (;;) {
      // The path may end here, and leave the row `from` unmatched.
      if (distance - this.#u[from] < shortest) [last, shortest] = [from, distance - this.#u[from]];
      this.#scan(from, distance, reached);
      const column = this.#queue.pop(this.#distance);
      if (column === -1 || this.#distance[column] >= shortest) break;
      distance = this.#distance[column];
      if (this.#rowOf[column] === -1) {
        [free, shortest] = [column, distance];
        break;
      }
      passed.push(column);
      from = this.#rowOf[column];
    }
    this.#changeDuals(row, passed, shortest);
    this.#augment(row, free, last);
    for (const column of reached) this.#distance[column] = Infinity;
    this.#queue.clear();
  }

  #scan(row: number, distance: number, reached: number[]): void {
    const { starts, columns, counts } = this.#table;
    for (let entry = starts[row]; entry < starts[row + 1]; entry++) {
      const column = columns[entry];
      const through = distance - counts[entry] - this.#u[row] - this.#v[column];
      if (through >= this.#distance[column]) continue;
      if (this.#distance[column] === Infinity) reached.push(column);
      this.#distance[column] = through;
      this.#previous[column] = row;
      this.#queue.push(column, through);
    }
  }

  #changeDuals(row: number, passed: readonly number[], shortest: number): void {
    this.#u[row] += shortest;
    for (const column of passed) {
      const rest = shortest - this.#distance[column];
      this.#u[this.#rowOf[column]] += rest;
      this.#v[column] -= rest;
    }
  }

  /** Matches each row on the path with the column after it. Without a free column (-1), `last` is left unmatched. */
  #augment(row: number, free: number, last: number): void {
    let column = free;
    if (free === -1) {
      column = this.columnOf[last];
      this.columnOf[last] = -1;
      if (last === row) return;
    }
    for (;;) {
      const moved = this.#previous[column];
      const before = this.columnOf[moved];
      this.columnOf[moved] = column;
      this.#rowOf[column] = moved;
      if (moved === row) return;
      column = before;
    }
  }
}

/** A binary heap of columns by distance. A column may be in it several times: once for each distance it has had. */
class Queue {
  #columns: number[] = [];
  #keys: number[] = [];

  clear(): void {
    this.#columns.length = 0;
    this.#keys.length = 0;
  }

  push(column: number, key: number): void {
    const [columns, keys] = [this.#columns, this.#keys];
    let at = columns.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent] <= key) break;
      columns[at] = columns[parent];
      keys[at] = keys[parent];
      at = parent;
    }
    columns[at] = column;
    keys[at] = key;
  }

  /** Removes and returns the closest column, -1 where there is none; skips entries with an outdated distance. */
  pop(distance: Float64Array): number {
    while (this.#columns.length > 0) {
      const [column, key] = [this.#columns[0], this.#keys[0]];
      this.#removeFirst();
      if (key === distance[column]) return column;
    }
    return -1;
  }

  #removeFirst(): void {
    const [columns, keys] = [this.#columns, this.#keys];
    const [column, key] = [columns.pop() as number, keys.pop() as number];
    const size = columns.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < size && keys[child + 1] < keys[child]) child += 1;
      if (child >= size || keys[child] >= key) break;
      columns[at] = columns[child];
      keys[at] = keys[child];
      at = child;
    }
    columns[at] = column;
    keys[at] = key;
  }
}
