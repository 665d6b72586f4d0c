/**
 * The matching of rows and columns whose entries have the largest sum: each row and each column at most once.
 *
 * By shortest augmenting paths over the entries alone, exact for whole numbers. A row that is matched with no column counts as
 * matched with one of its own, whose entry is 0.
 *
 * @see Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2 (1955); Jonker and Volgenant,
 *   "A shortest augmenting path algorithm for dense and sparse linear assignment problems", Computing 38 (1987)
 */
import type { SparseTable } from './labels.js';
import { allocating } from './memory.js';

/**
 * `[C]` the column of each row, -1 for rows that are matched with none.
 *
 * @param table entries > 0 of C rows
 * @param columns their number, K
 * Cost: C searches, each of at most E log E steps for E entries; most end after few.
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

/** Costs are negated entries; u + v <= cost, with equality where a row and a column are matched. */
class Search {
  readonly columnOf: Int32Array;
  readonly #table: SparseTable;
  readonly #rowOf: Int32Array;
  readonly #u: Float64Array;
  readonly #v: Float64Array;
  /** From the row that is added, over columns that are reached. */
  readonly #distance: Float64Array;
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

  /** Finds the shortest path from a new row to a column that is free, or to a row that gives up its own. */
  add(row: number): void {
    const reached: number[] = [];
    const passed: number[] = [];
    let [from, distance] = [row, 0];
    let [last, shortest] = [row, Infinity];
    let free = -1;
    for (;;) {
      // Here the path may end, with the row `from` matched with no column.
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

  /** Every row on the path moves to the column after it; without a free column the last row gets none. */
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

/** A binary heap of columns by distance; a column that has come closer is in it again. */
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

  /** The closest column, -1 when there is none. Entries that are not `distance` any more are passed over. */
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
