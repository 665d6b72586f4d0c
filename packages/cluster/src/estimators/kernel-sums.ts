/** Sums of centred kernel entries over sets of samples: all that a Kauri tree asks of a kernel. */
import type { Matrix, Precision } from 'genmi';

/**
 * Sums sigma(A, B) of the entries k(i, j), i in A, j in B, of a kernel centred in feature space.
 *
 * Centring changes the objective by a constant, and no gain; sums of centred entries keep more digits.
 */
export interface KernelSums {
  /** The size of sums, of which rounding is a share: N times the largest entry; linear kernel: the sum of |x - mean|^2. */
  readonly scale: number;
  /** sigma(all, all) / N before centring: the objective of a single cluster. */
  readonly constant: number;
  /** sigma({i}, members) for each of the rows i. Cost: the product of both sizes; linear kernel: O(d) a row. */
  cross(rows: Int32Array, members: Int32Array): Float64Array;
  /**
   * Writes sigma(P, P) for each prefix P of the samples N = order[first], …, order[end - 1], at the place of its last one.
   * Cost: O(n^2); linear kernel: O(n d).
   *
   * @param withAll sigma({i}, N) of each sample i of N, at the sample's number
   */
  prefixes(order: Int32Array, first: number, end: number, withAll: Float64Array, out: Float64Array): void;
}

/** Sums over all entries of an N x N kernel, which become centred in place. */
export class DenseKernelSums implements KernelSums {
  readonly #entries: Precision;
  readonly #n: number;
  readonly scale: number;
  readonly constant: number;

  constructor({ data, shape: [n] }: Matrix) {
    let largest = 0;
    for (let e = 0; e < data.length; e++) largest = Math.max(largest, Math.abs(data[e]));
    this.scale = n * largest;
    const means = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) means[i] += data[i * n + j] / n;
    const mean = means.reduce((sum, value) => sum + value, 0) / n;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) data[i * n + j] += mean - means[i] - means[j];
    this.#entries = data;
    this.#n = n;
    this.constant = mean * n;
  }

  cross(rows: Int32Array, members: Int32Array): Float64Array {
    const [entries, n] = [this.#entries, this.#n];
    const sums = new Float64Array(rows.length);
    for (let r = 0; r < rows.length; r++) sums[r] = gathered(entries, rows[r] * n, members, 0, members.length);
    return sums;
  }

  prefixes(order: Int32Array, first: number, end: number, withAll: Float64Array, out: Float64Array): void {
    const [entries, n] = [this.#entries, this.#n];
    let total = 0;
    for (let t = first; t < end; t++) {
      const row = order[t] * n;
      const own = entries[row + order[t]];
      // The sum over the samples before t, or what the sum over those after t leaves: whichever is shorter.
      const before =
        2 * t < first + end
          ? gathered(entries, row, order, first, t)
          : withAll[order[t]] - own - gathered(entries, row, order, t + 1, end);
      total += 2 * before + own;
      out[t] = total;
    }
  }
}

/** Adds the entries from `row` on at some places: in four sums, since each addition waits for the last. */
function gathered(entries: Precision, row: number, places: Int32Array, first: number, end: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let s = first;
  for (; s + 4 <= end; s += 4) {
    sum0 += entries[row + places[s]];
    sum1 += entries[row + places[s + 1]];
    sum2 += entries[row + places[s + 2]];
    sum3 += entries[row + places[s + 3]];
  }
  for (; s < end; s++) sum0 += entries[row + places[s]];
  return sum0 + sum1 + (sum2 + sum3);
}

/** Features of one panel. */
const WIDTH = 4;

/** Sums of the linear kernel <x, y>: products of sums of features. */
export class LinearKernelSums implements KernelSums {
  /** Panels of 4 centred features, N x 4 each; zeros fill the last one. */
  readonly #panels: Float64Array;
  readonly #n: number;
  readonly scale: number;
  readonly constant: number;

  constructor({ data, shape: [n, d] }: Matrix) {
    const mean = new Float64Array(d);
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j] += data[i * d + j] / n;
    const panels = new Float64Array(Math.ceil(d / WIDTH) * n * WIDTH);
    let scale = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < d; j++) {
        const centered = data[i * d + j] - mean[j];
        panels[((j >> 2) * n + i) * WIDTH + (j & 3)] = centered;
        scale += centered * centered;
      }
    }
    this.#panels = panels;
    this.#n = n;
    this.constant = n * mean.reduce((sum, value) => sum + value * value, 0);
    this.scale = scale;
  }

  cross(rows: Int32Array, members: Int32Array): Float64Array {
    const [x, width] = [this.#panels, this.#n * WIDTH];
    const sums = new Float64Array(rows.length);
    for (let panel = 0; panel < x.length; panel += width) {
      let [total0, total1, total2, total3] = [0, 0, 0, 0];
      for (let m = 0; m < members.length; m++) {
        const at = panel + WIDTH * members[m];
        total0 += x[at];
        total1 += x[at + 1];
        total2 += x[at + 2];
        total3 += x[at + 3];
      }
      for (let r = 0; r < rows.length; r++) {
        const at = panel + WIDTH * rows[r];
        sums[r] = sums[r] + x[at] * total0 + x[at + 1] * total1 + x[at + 2] * total2 + x[at + 3] * total3;
      }
    }
    return sums;
  }

  prefixes(order: Int32Array, first: number, end: number, _: Float64Array, out: Float64Array): void {
    const [x, width] = [this.#panels, this.#n * WIDTH];
    out.fill(0, first, end);
    for (let panel = 0; panel < x.length; panel += width) {
      let [total0, total1, total2, total3] = [0, 0, 0, 0];
      for (let t = first; t < end; t++) {
        const at = panel + WIDTH * order[t];
        total0 += x[at];
        total1 += x[at + 1];
        total2 += x[at + 2];
        total3 += x[at + 3];
        out[t] += total0 * total0 + total1 * total1 + (total2 * total2 + total3 * total3);
      }
    }
  }
}
