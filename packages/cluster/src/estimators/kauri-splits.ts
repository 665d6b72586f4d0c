/** The gains of a Kauri tree's splits, and the choice of the best. */

/** A split of a leaf, and the clusters that its children join. */
export interface Split {
  gain: number;
  leaf: number;
  feature: number;
  /** The number of samples of the left child. */
  size: number;
  left: number;
  right: number;
}

/** Sums that belong to the leaf N of cluster C whose splits are looked at. */
export interface LeafSums {
  readonly leaf: number;
  readonly size: number;
  readonly cluster: number;
  /** sigma(N, N) */
  readonly own: number;
  /** `[K]` sigma(N, C_k) */
  readonly clusters: Float64Array;
  /** removal(N); 0 where N is all of C. */
  readonly removal: number;
}

/** Sizes and sums sigma(C_k, C_k) of the current clusters, K <= `most` of them. */
export interface ClusterSums {
  readonly most: number;
  readonly sizes: readonly number[];
  readonly own: readonly number[];
}

/**
 * removal(S) of a set S that is a part of cluster k.
 *
 * @param size |S|
 * @param own sigma(S, S)
 * @param shared sigma(S, C_k)
 */
export function removalOf({ sizes, own: sums }: ClusterSums, k: number, size: number, own: number, shared: number) {
  return (sums[k] - 2 * shared + own) / (sizes[k] - size) - sums[k] / sizes[k];
}

/** The share of the tolerance by which a bound of a gain may fall short of it: rounding takes less than a hundredth. */
const SLACK = 1 / 16;

/**
 * Keeps the split with the largest gain of all that are offered.
 *
 * A set S that leaves C changes the objective L = sum sigma(C, C) / |C| by
 * removal(S) = sigma(C - S, C - S) / (|C| - |S|) - sigma(C, C) / |C|; a set that joins C' by
 * addition(S, C') = sigma(C' + S, C' + S) / (|C'| + |S|) - sigma(C', C') / |C'|; and a new cluster adds
 * sigma(S, S) / |S|. Every kind of split is a sum of these.
 *
 * Gains within `tolerance` of each other are ties: the first in the order of leaf, feature, threshold, left and right
 * cluster wins. Gains within `tolerance` of 0 are none.
 */
export class BestSplit {
  readonly #clusters: ClusterSums;
  readonly #tolerance: number;
  readonly #best: Split = { gain: 0, leaf: -1, feature: -1, size: -1, left: -1, right: -1 };
  /** `[K]` the additions of the two children. */
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  /** Gains that are no larger are neither the best nor tied with it. */
  #floor: number;
  #leaf!: LeafSums;
  #feature = -1;

  constructor(clusters: ClusterSums, tolerance: number) {
    this.#clusters = clusters;
    this.#tolerance = tolerance;
    this.#floor = -tolerance;
  }

  /** Undefined where no split has a gain. */
  get split(): Split | undefined {
    return this.#best.leaf === -1 ? undefined : this.#best;
  }

  /** Splits of a leaf whose bound by `GainBounds` is no larger need not be offered. */
  get floor(): number {
    return this.#floor - SLACK * this.#tolerance;
  }

  /** Begins with a leaf. */
  atLeaf(leaf: LeafSums): void {
    this.#leaf = leaf;
  }

  /** Begins with a feature of the leaf. */
  atFeature(feature: number): void {
    this.#feature = feature;
  }

  /**
   * Offers all splits at one threshold.
   *
   * @param size |L|, for the left child L
   * @param own sigma(L, L)
   * @param withLeaf sigma(L, N)
   * @param shared `[K]` sigma(L, C_k)
   */
  offer(size: number, own: number, withLeaf: number, shared: Float64Array): void {
    const { size: all, own: allOwn, cluster: k, clusters, removal } = this.#leaf;
    const { most, sizes, own: sums } = this.#clusters;
    const known = sizes.length;
    const rest = all - size;
    const restOwn = allOwn - 2 * withLeaf + own;
    const removeLeft = removalOf(this.#clusters, k, size, own, shared[k]);
    const removeRight = removalOf(this.#clusters, k, rest, restOwn, clusters[k] - shared[k]);
    const isPart = all < sizes[k];
    if (known < most) {
      this.#take(removeRight + restOwn / rest, size, k, known);
      this.#take(removeLeft + own / size, size, known, k);
      if (isPart && known + 1 < most) this.#take(removal + own / size + restOwn / rest, size, known, known + 1);
    }
    for (let c = 0; c < known; c++) {
      if (c === k) continue;
      const before = sums[c] / sizes[c];
      const left = (sums[c] + 2 * shared[c] + own) / (sizes[c] + size) - before;
      const right = (sums[c] + 2 * (clusters[c] - shared[c]) + restOwn) / (sizes[c] + rest) - before;
      this.#left[c] = left;
      this.#right[c] = right;
      this.#take(removeRight + right, size, k, c);
      this.#take(removeLeft + left, size, c, k);
    }
    if (isPart && known >= 3) this.#offerBoth(size);
  }

  /** Both children join different clusters other than C: the best of the first two on each side. */
  #offerBoth(size: number): void {
    const [left, right, { removal }] = [this.#left, this.#right, this.#leaf];
    const [left1, right1] = [this.#largest(left, -1), this.#largest(right, -1)];
    if (left1 !== right1) {
      this.#take(removal + left[left1] + right[right1], size, left1, right1);
      return;
    }
    const [left2, right2] = [this.#largest(left, left1), this.#largest(right, right1)];
    this.#take(removal + left[left1] + right[right2], size, left1, right2);
    this.#take(removal + left[left2] + right[right1], size, left2, right1);
  }

  /** The cluster other than C and `except` with the largest addition, of equal ones the first. */
  #largest(additions: readonly number[], except: number): number {
    let found = -1;
    for (let c = 0; c < this.#clusters.sizes.length; c++) {
      if (c === this.#leaf.cluster || c === except) continue;
      if (found === -1 || additions[c] > additions[found]) found = c;
    }
    return found;
  }

  #take(gain: number, size: number, left: number, right: number): void {
    if (gain <= this.#floor) return;
    const best = this.#best;
    if (gain <= best.gain + this.#tolerance) {
      const samePlace = best.leaf === this.#leaf.leaf && best.feature === this.#feature && best.size === size;
      if (!samePlace || left > best.left || (left === best.left && right > best.right)) return;
    }
    best.gain = gain;
    this.#floor = gain - this.#tolerance;
    best.leaf = this.#leaf.leaf;
    best.feature = this.#feature;
    best.size = size;
    best.left = left;
    best.right = right;
  }
}
