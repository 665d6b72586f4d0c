/** The nearest of K centres: the inner loops of k-means. */
import type { Precision } from 'genmi';

/** The two smallest of a sample's squared distances to centres, and the place of the smallest. */
export interface Nearest {
  label: number;
  squared: number;
  /** Infinity for a single centre. */
  second: number;
}

/**
 * Finds the nearest centre of the sample at `data[offset]`; of equally near ones the first.
 *
 * Four centres share each read of the sample. Distances are sums of squared differences: no digits cancel.
 */
export function nearest(
  data: Precision,
  offset: number,
  centers: Float64Array,
  k: number,
  d: number,
  found: Nearest,
): void {
  found.label = 0;
  found.squared = Infinity;
  found.second = Infinity;
  let c = 0;
  for (; c + 4 <= k; c += 4) {
    const first = c * d;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let j = 0; j < d; j++) {
      const x = data[offset + j];
      const at = first + j;
      const gap0 = x - centers[at];
      const gap1 = x - centers[at + d];
      const gap2 = x - centers[at + 2 * d];
      const gap3 = x - centers[at + 3 * d];
      sum0 += gap0 * gap0;
      sum1 += gap1 * gap1;
      sum2 += gap2 * gap2;
      sum3 += gap3 * gap3;
    }
    offer(found, c, sum0);
    offer(found, c + 1, sum1);
    offer(found, c + 2, sum2);
    offer(found, c + 3, sum3);
  }
  for (; c < k; c++) offer(found, c, squaredDistance(data, offset, centers, c * d, d));
}

function offer(found: Nearest, label: number, squared: number): void {
  if (squared < found.squared) {
    found.second = found.squared;
    found.squared = squared;
    found.label = label;
  } else if (squared < found.second) {
    found.second = squared;
  }
}

/** The squared distance of `a[aOffset ...]` and `b[bOffset ...]`, d numbers each. */
export function squaredDistance(a: Precision, aOffset: number, b: Precision, bOffset: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const gap = a[aOffset + j] - b[bOffset + j];
    sum += gap * gap;
  }
  return sum;
}
