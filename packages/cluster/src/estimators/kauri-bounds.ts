/** Bounds of the gains of a Kauri tree's splits: a feature at a time, by products with 1 / size instead of divisions. */
import type { ClusterSums, LeafSums } from './kauri-splits.js';

/** Sums over the left children L of a leaf N, whose samples are in the order of a feature: from `first` on. */
export interface FeatureSums {
  readonly first: number;
  /** The samples. */
  readonly order: Int32Array;
  /** Their ranks: equal where values are, between which no threshold lies. */
  readonly ranks: Int32Array;
  /** sigma(L, L), at the place of the last sample of L. */
  readonly own: Float64Array;
  /** sigma(L, N), at the place of the last sample of L. */
  readonly withLeaf: Float64Array;
  /** K x N sums sigma({i}, C_k). */
  readonly withClusters: Float64Array;
}

/**
 * The largest gain at each threshold, up to rounding: `BestSplit`, whose formulas these are, looks closely only at
 * thresholds that may be the best.
 */
export class GainBounds {
  readonly #n: number;
  /** `[N + 1]` 1 / s. */
  readonly #inverse: Float64Array;
  /** K x N sums sigma(L, C_k) for the left child L of t + 1 samples. */
  readonly shared: Float64Array;
  readonly #bounds: Float64Array;
  /** `[N]` removal(L) and removal(N - L). */
  readonly #removals: readonly [left: Float64Array, right: Float64Array];
  /** `[N]` the largest additions of L and of N - L to other clusters. */
  readonly #additions: readonly [left: Float64Array, right: Float64Array];

  /** For N samples, in K clusters at most. */
  constructor(n: number, k: number) {
    this.#n = n;
    this.#inverse = new Float64Array(n + 1);
    for (let size = 1; size <= n; size++) this.#inverse[size] = 1 / size;
    this.shared = new Float64Array(k * n);
    this.#bounds = new Float64Array(n);
    this.#removals = [new Float64Array(n), new Float64Array(n)];
    this.#additions = [new Float64Array(n), new Float64Array(n)];
  }

  /**
   * The bound for each left child L of t + 1 samples, at place t: -Infinity where no threshold is. Writes `shared` for the
   * others. Cost: O(n K).
   */
  of(leaf: LeafSums, clusters: ClusterSums, sums: FeatureSums): Float64Array {
    const { sizes } = clusters;
    const bothMove = leaf.size < sizes[leaf.cluster] && sizes.length >= 3;
    this.#leave(leaf, clusters, sums);
    for (let c = 0; c < sizes.length; c++) if (c !== leaf.cluster) this.#join(c, bothMove, leaf, clusters, sums);
    if (bothMove) {
      const [bounds, [left, right]] = [this.#bounds, this.#additions];
      for (let t = 0; t < leaf.size - 1; t++) {
        if (bounds[t] === -Infinity) continue;
        const gain = leaf.removal + left[t] + right[t];
        if (gain > bounds[t]) bounds[t] = gain;
      }
    }
    return this.#bounds;
  }

  /** Begins with the removals of both children, and their gains as new clusters. */
  #leave(leaf: LeafSums, { most, sizes, own: sums }: ClusterSums, of: FeatureSums): void {
    const { size, own: ownAll, cluster: k, clusters, removal } = leaf;
    const { first, order, ranks, own, withLeaf, withClusters } = of;
    const [n, inverse, shared, bounds] = [this.#n, this.#inverse, this.shared, this.#bounds];
    const [[removeLeft, removeRight], [left, right]] = [this.#removals, this.#additions];
    const [sum, all, others, before] = [sums[k], clusters[k], sizes[k] - size, sums[k] / sizes[k]];
    const mayAdd = sizes.length < most;
    const mayAddTwo = others > 0 && sizes.length + 1 < most;
    let sharedLeft = 0;
    for (let t = 0; t < size - 1; t++) {
      sharedLeft += withClusters[k * n + order[first + t]];
      bounds[t] = -Infinity;
      if (ranks[first + t] === ranks[first + t + 1]) continue;
      shared[k * n + t] = sharedLeft;
      const ofLeft = t + 1;
      const ofRight = size - ofLeft;
      const ownLeft = own[first + t];
      const ownRight = ownAll - 2 * withLeaf[first + t] + ownLeft;
      const leftGoes = (sum - 2 * sharedLeft + ownLeft) * inverse[others + ofRight] - before;
      const rightGoes = (sum - 2 * (all - sharedLeft) + ownRight) * inverse[others + ofLeft] - before;
      if (mayAdd) {
        const asLeft = ownLeft * inverse[ofLeft];
        const asRight = ownRight * inverse[ofRight];
        const gain = Math.max(rightGoes + asRight, leftGoes + asLeft);
        bounds[t] = mayAddTwo ? Math.max(gain, removal + asLeft + asRight) : gain;
      }
      removeLeft[t] = leftGoes;
      removeRight[t] = rightGoes;
      left[t] = -Infinity;
      right[t] = -Infinity;
    }
  }

  /** Goes on with the gains of a child that joins cluster c. */
  #join(c: number, bothMove: boolean, leaf: LeafSums, { sizes, own: sums }: ClusterSums, of: FeatureSums): void {
    const { size, own: ownAll, clusters } = leaf;
    const { first, order, ranks, own, withLeaf, withClusters } = of;
    const [n, inverse, shared, bounds] = [this.#n, this.#inverse, this.shared, this.#bounds];
    const [[removeLeft, removeRight], [left, right]] = [this.#removals, this.#additions];
    const [sum, members, all, before] = [sums[c], sizes[c], clusters[c], sums[c] / sizes[c]];
    let sharedLeft = 0;
    for (let t = 0; t < size - 1; t++) {
      sharedLeft += withClusters[c * n + order[first + t]];
      if (ranks[first + t] === ranks[first + t + 1]) continue;
      shared[c * n + t] = sharedLeft;
      const ownLeft = own[first + t];
      const ownRight = ownAll - 2 * withLeaf[first + t] + ownLeft;
      const leftComes = (sum + 2 * sharedLeft + ownLeft) * inverse[members + t + 1] - before;
      const rightComes = (sum + 2 * (all - sharedLeft) + ownRight) * inverse[members + size - t - 1] - before;
      const gain = Math.max(removeLeft[t] + leftComes, removeRight[t] + rightComes);
      if (gain > bounds[t]) bounds[t] = gain;
      if (!bothMove) continue;
      if (leftComes > left[t]) left[t] = leftComes;
      if (rightComes > right[t]) right[t] = rightComes;
    }
  }
}
