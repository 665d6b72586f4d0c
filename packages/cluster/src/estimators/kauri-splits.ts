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
}

/** Sizes and sums sigma(C_k, C_k) of the current clusters, K <= `most` of them. */
export interface ClusterSums {
  readonly most: number;
  readonly sizes: readonly number[];
  readonly own: readonly number[];
}

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
  readonly #additions: { readonly left: Float64Array; readonly right: Float64Array };
  #leaf!: LeafSums;
  #feature = -1;
  #removal = 0;

  constructor(clusters: ClusterSums, tolerance: number) {
    this.#clusters = clusters;
    this.#tolerance = tolerance;
    const k = clusters.sizes.length;
    this.#additions = { left: new Float64Array(k), right: new Float64Array(k) };
  }

  /** Undefined where no split has a gain. */
  get split(): Split | undefined {
    return this.#best.leaf === -1 ? undefined : this.#best;
  }

  /** Begins with a leaf. */
  atLeaf(leaf: LeafSums): void {
    this.#leaf = leaf;
    const { size, own, cluster, clusters } = leaf;
    this.#removal = size < this.#clusters.sizes[cluster] ? this.#removalOf(size, own, clusters[cluster]) : 0;
  }

  /** Begins with a feature of the leaf. */
  atFeature(feature: number): void {
    this.#feature = feature;
  }

  #removalOf(size: number, own: number, shared: number): number {
    const { sizes, own: sums } = this.#clusters;
    const k = this.#leaf.cluster;
    return (sums[k] - 2 * shared + own) / (sizes[k] - size) - sums[k] / sizes[k];
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
    const { size: all, own: allOwn, cluster: k, clusters } = this.#leaf;
    const { most, sizes } = this.#clusters;
    const known = sizes.length;
    const rest = all - size;
    const restOwn = allOwn - 2 * withLeaf + own;
    const removeLeft = this.#removalOf(size, own, shared[k]);
    const removeRight = this.#removalOf(rest, restOwn, clusters[k] - shared[k]);
    const isPart = all < sizes[k];
    if (known < most) {
      this.#take(removeRight + restOwn / rest, size, k, known);
      this.#take(removeLeft + own / size, size, known, k);
      if (isPart && known + 1 < most) this.#take(this.#removal + own / size + restOwn / rest, size, known, known + 1);
    }
    if (known < 2) return;
    this.#fillAdditions(size, own, rest, restOwn, shared);
    const { left, right } = this.#additions;
    for (let c = 0; c < known; c++) {
      if (c === k) continue;
      this.#take(removeRight + right[c], size, k, c);
      this.#take(removeLeft + left[c], size, c, k);
    }
    if (isPart && known >= 3) this.#offerBoth(size);
  }

  #fillAdditions(size: number, own: number, rest: number, restOwn: number, shared: Float64Array): void {
    const { sizes, own: sums } = this.#clusters;
    const { left, right } = this.#additions;
    for (let c = 0; c < sizes.length; c++) {
      const before = sums[c] / sizes[c];
      left[c] = (sums[c] + 2 * shared[c] + own) / (sizes[c] + size) - before;
      right[c] = (sums[c] + 2 * (this.#leaf.clusters[c] - shared[c]) + restOwn) / (sizes[c] + rest) - before;
    }
  }

  /** Both children join different clusters other than C: the best of the first two on each side. */
  #offerBoth(size: number): void {
    const { left, right } = this.#additions;
    const [left1, left2] = this.#firstTwo(left);
    const [right1, right2] = this.#firstTwo(right);
    for (const a of [left1, left2]) {
      for (const b of [right1, right2]) if (a !== b) this.#take(this.#removal + left[a] + right[b], size, a, b);
    }
  }

  /** The clusters other than C with the two largest additions, of equal ones the first. */
  #firstTwo(additions: Float64Array): [number, number] {
    let [first, second] = [-1, -1];
    for (let c = 0; c < additions.length; c++) {
      if (c === this.#leaf.cluster) continue;
      if (first === -1 || additions[c] > additions[first]) {
        second = first;
        first = c;
      } else if (second === -1 || additions[c] > additions[second]) {
        second = c;
      }
    }
    return [first, second];
  }

  #take(gain: number, size: number, left: number, right: number): void {
    const best = this.#best;
    if (gain <= best.gain - this.#tolerance) return;
    if (gain <= best.gain + this.#tolerance) {
      const samePlace = best.leaf === this.#leaf.leaf && best.feature === this.#feature && best.size === size;
      if (!samePlace || left > best.left || (left === best.left && right > best.right)) return;
    }
    best.gain = gain;
    best.leaf = this.#leaf.leaf;
    best.feature = this.#feature;
    best.size = size;
    best.left = left;
    best.right = right;
  }
}
