/** Random data, the same in every run. */
import { Random } from '../../src/base/random.js';

/** Samples around random centres, in order of their groups, with the group of each. */
export function blobs(seed: number, n: number, d: number, groups: number, spread = 1) {
  const random = new Random(seed);
  const centers = Array.from({ length: groups * d }, () => 6 * random.normal());
  const classes = Int32Array.from({ length: n }, (_, i) => Math.floor((i * groups) / n));
  const data = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++)
      data[i * d + j] = (centers[(classes[i] as number) * d + j] as number) + spread * random.normal();
  }
  return { x: { data, shape: [n, d] as const }, classes };
}

/** The samples of a matrix in another order. */
export function reordered<T extends Float32Array | Float64Array>(
  { data, shape }: { readonly data: T; readonly shape: readonly [number, number] },
  order: Int32Array,
): { data: T; shape: readonly [number, number] } {
  const d = shape[1];
  const moved = data.slice() as T;
  for (const [to, from] of order.entries()) moved.set(data.subarray(from * d, (from + 1) * d) as never, to * d);
  return { data: moved, shape };
}
