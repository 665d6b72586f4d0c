/** The growth of a Kauri tree: sums that are kept from step to step, so that a step looks only at what has changed. */
import type { Matrix, Precision } from 'genmi';
import type { Pace } from '../base/pace.js';
import type { Random } from '../base/random.js';
import { ColumnOrder } from './column-order.js';
import { GainBounds } from './kauri-bounds.js';
import { BestSplit, type ClusterSums, type LeafSums, removalOf, type Split } from './kauri-splits.js';
import type { KernelSums } from './kernel-sums.js';
import type { TreeNode } from './tree.js';

/** The limits of a tree. */
export interface TreeLimits {
  readonly maxClusters: number;
  readonly maxDepth: number;
  readonly minSamplesSplit: number;
  readonly minSamplesLeaf: number;
  readonly maxFeatures: number;
  readonly maxLeaves: number;
}

/** Gains, relative to the kernel's scale, at which rounding decides. */
const TOLERANCE = 1e-12;

/** Samples of features that are looked at between two looks at the clock. */
const PIECE = 4096;

interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly cluster: number;
  /** sigma(N, N) */
  readonly own: number;
  /** Whether the prefix sums of a feature are those of this leaf. */
  readonly summed: Uint8Array;
}

export class KauriGrowth {
  readonly nodes: TreeNode[];
  /** `[N]` the cluster of each sample. */
  readonly labels: Int32Array;
  readonly #data: Precision;
  readonly #n: number;
  readonly #d: number;
  readonly #sums: KernelSums;
  readonly #limits: TreeLimits;
  readonly #leaves: Leaf[];
  /** d x N samples in the order of each feature; a leaf's samples are at the same places for all features. */
  readonly #orders: Int32Array;
  /** d x N ranks of these samples: equal where values are. */
  readonly #ranks: Int32Array;
  /** d x N sums sigma(P, P) of the prefixes P of a leaf N, in the order of each feature. */
  readonly #prefixes: Float64Array;
  /** d x N sums sigma(P, N) */
  readonly #withRest: Float64Array;
  /** `[N]` sigma({i}, N) for the leaf N of sample i. */
  readonly #withLeaf: Float64Array;
  /** K x N sums sigma({i}, C_k). */
  readonly #withClusters: Float64Array;
  readonly #bounds: GainBounds;
  readonly #sizes: number[];
  readonly #own: number[] = [0];
  /** `[N]` the side of each sample of the leaf that splits: 1 for left. */
  readonly #isLeft: Uint8Array;
  readonly #all: Int32Array;
  /** Room for the samples and the ranks of a right child, and one more. */
  readonly #rights: readonly [samples: Int32Array, ranks: Int32Array];

  constructor({ data, shape: [n, d] }: Matrix, sums: KernelSums, limits: TreeLimits) {
    this.#data = data;
    this.#n = n;
    this.#d = d;
    this.#sums = sums;
    this.#limits = limits;
    this.#orders = new Int32Array(d * n);
    this.#ranks = new Int32Array(d * n);
    this.#prefixes = new Float64Array(d * n);
    this.#withRest = new Float64Array(d * n);
    this.#withClusters = new Float64Array(limits.maxClusters * n);
    this.#bounds = new GainBounds(n, limits.maxClusters);
    this.#isLeft = new Uint8Array(n);
    this.#rights = [new Int32Array(n + 1), new Int32Array(n + 1)];
    this.#all = firstIntegers(n);
    this.#withLeaf = sums.cross(this.#all, this.#all);
    for (let i = 0; i < n; i++) {
      this.#withClusters[i] = this.#withLeaf[i];
      this.#own[0] += this.#withLeaf[i];
    }
    this.labels = new Int32Array(n);
    this.#sizes = [n];
    this.#leaves = [];
    this.nodes = [{ depth: 0, samples: n, cluster: 0 }];
  }

  /** The objective: the sum of sigma(C, C) / |C| over all clusters. */
  get objective(): number {
    return this.#own.reduce((sum, own, c) => sum + own / this.#sizes[c], this.#sums.constant);
  }

  /** Splits leaves while there is a gain. */
  async grow(random: Random, pace: Pace): Promise<void> {
    const order = new ColumnOrder(this.#n);
    for (let feature = 0; feature < this.#d; feature++) {
      order.write(this.#data, feature, this.#orders, this.#ranks);
      if (pace.due) await pace.rest(0);
    }
    this.#leaves.push(this.#leafOf(0, 0, this.#n, 0));
    const { maxLeaves, maxFeatures } = this.#limits;
    const all = firstIntegers(this.#d);
    while (this.#leaves.length < maxLeaves && !pace.stopped) {
      const features = maxFeatures < this.#d ? random.permutation(this.#d, maxFeatures).sort() : all;
      const split = await this.#bestSplit(features, pace);
      if (!split) return;
      this.#apply(split);
      pace.standing = { objective: this.objective, clusters: this.#sizes.length };
    }
  }

  async #bestSplit(features: Int32Array, pace: Pace): Promise<Split | undefined> {
    const clusters = { most: this.#limits.maxClusters, sizes: this.#sizes, own: this.#own };
    const best = new BestSplit(clusters, TOLERANCE * this.#sums.scale);
    const shared = new Float64Array(this.#sizes.length);
    let seen = 0;
    for (let number = 0; number < this.#leaves.length; number++) {
      const leaf = this.#leaves[number];
      if (!this.#mayLeafSplit(leaf)) continue;
      const sums = this.#leafSums(number, leaf, clusters);
      best.atLeaf(sums);
      for (let f = 0; f < features.length; f++) {
        this.#offerFeature(leaf, features[f], sums, clusters, best, shared);
        seen += sums.size;
        if (seen < PIECE) continue;
        seen = 0;
        if (pace.due) await pace.rest(this.#leaves.length / this.#limits.maxLeaves);
        if (pace.stopped && this.#leaves.length > 1) return undefined;
      }
    }
    return best.split;
  }

  #mayLeafSplit({ node, start, end }: Leaf): boolean {
    return end - start >= this.#limits.minSamplesSplit && this.nodes[node].depth < this.#limits.maxDepth;
  }

  /** A leaf whose samples stand from `start` to `end` in all orders. */
  #leafOf(node: number, start: number, end: number, cluster: number): Leaf {
    let own = 0;
    for (let t = start; t < end; t++) own += this.#withLeaf[this.#orders[t]];
    return { node, start, end, cluster, own, summed: new Uint8Array(this.#d) };
  }

  #leafSums(leaf: number, { start, end, cluster, own }: Leaf, sums: ClusterSums): LeafSums {
    const [n, orders, withClusters] = [this.#n, this.#orders, this.#withClusters];
    const clusters = new Float64Array(this.#sizes.length);
    for (let c = 0; c < clusters.length; c++) {
      let shared = 0;
      for (let t = start; t < end; t++) shared += withClusters[c * n + orders[t]];
      clusters[c] = shared;
    }
    const size = end - start;
    const removal = size < this.#sizes[cluster] ? removalOf(sums, cluster, size, own, clusters[cluster]) : 0;
    return { leaf, size, cluster, own, clusters, removal };
  }

  /** @param shared `[K]` room for sums */
  #offerFeature(
    { start, end, summed }: Leaf,
    feature: number,
    leaf: LeafSums,
    clusters: ClusterSums,
    best: BestSplit,
    shared: Float64Array,
  ): void {
    const [n, order, own, withLeaf, ranks] = [this.#n, this.#orders, this.#prefixes, this.#withRest, this.#ranks];
    const [first, last] = [feature * n + start, feature * n + end];
    if (!summed[feature]) {
      this.#sumPrefixes(first, last);
      summed[feature] = 1;
    }
    best.atFeature(feature);
    const withClusters = this.#withClusters;
    const bounds = this.#bounds.of(leaf, clusters, { first, order, ranks, own, withLeaf, withClusters });
    const all = this.#bounds.shared;
    const least = this.#limits.minSamplesLeaf;
    for (let t = least - 1; t < leaf.size - least; t++) {
      if (bounds[t] <= best.floor) continue;
      for (let c = 0; c < shared.length; c++) shared[c] = all[c * n + t];
      best.offer(t + 1, own[first + t], withLeaf[first + t], shared);
    }
  }

  #sumPrefixes(first: number, end: number): void {
    const [orders, withLeaf, withRest] = [this.#orders, this.#withLeaf, this.#withRest];
    this.#sums.prefixes(orders, first, end, withLeaf, this.#prefixes);
    let sum = 0;
    for (let place = first; place < end; place++) {
      sum += withLeaf[orders[place]];
      withRest[place] = sum;
    }
  }

  #apply({ gain, leaf: number, feature, size, left, right }: Split): void {
    const { node, start, end, cluster } = this.#leaves[number];
    const middle = start + size;
    const { depth, samples, cluster: own } = this.nodes[node];
    const at = feature * this.#n;
    const threshold = this.#data[this.#orders[at + middle - 1] * this.#d + feature];
    const lefts = this.#orders.slice(at + start, at + middle);
    const rights = this.#orders.slice(at + middle, at + end);
    this.#separate(start, end, lefts, rights);
    this.#move(lefts, cluster, left);
    this.#move(rights, cluster, right);
    this.#sumClusters();
    const child = this.nodes.length;
    this.nodes[node] = {
      depth,
      samples,
      cluster: own,
      rule: { feature, threshold, gain, left: child, right: child + 1 },
    };
    this.nodes.push(
      { depth: depth + 1, samples: lefts.length, cluster: left },
      { depth: depth + 1, samples: rights.length, cluster: right },
    );
    this.#leaves[number] = this.#leafOf(child, start, middle, left);
    this.#leaves.push(this.#leafOf(child + 1, middle, end, right));
  }

  /** Puts the left samples before the right ones in all orders, and sums within both. */
  #separate(start: number, end: number, lefts: Int32Array, rights: Int32Array): void {
    const [orders, ranks, isLeft] = [this.#orders, this.#ranks, this.#isLeft];
    const [rightSamples, rightRanks] = this.#rights;
    for (let t = 0; t < lefts.length; t++) isLeft[lefts[t]] = 1;
    for (let feature = 0; feature < this.#d; feature++) {
      const last = feature * this.#n + end;
      let [toLeft, toRight] = [feature * this.#n + start, 0];
      // Both places are written, and one of them counts: a processor cannot guess the sides.
      for (let place = toLeft; place < last; place++) {
        const sample = orders[place];
        const rank = ranks[place];
        const side = isLeft[sample];
        orders[toLeft] = sample;
        ranks[toLeft] = rank;
        rightSamples[toRight] = sample;
        rightRanks[toRight] = rank;
        toLeft += side;
        toRight += 1 - side;
      }
      for (let t = 0; t < toRight; t++) {
        orders[toLeft + t] = rightSamples[t];
        ranks[toLeft + t] = rightRanks[t];
      }
    }
    for (let t = 0; t < lefts.length; t++) isLeft[lefts[t]] = 0;
    const ofLeft = this.#sums.cross(lefts, lefts);
    const ofRight = this.#sums.cross(rights, rights);
    for (let t = 0; t < lefts.length; t++) this.#withLeaf[lefts[t]] = ofLeft[t];
    for (let t = 0; t < rights.length; t++) this.#withLeaf[rights[t]] = ofRight[t];
  }

  #move(members: Int32Array, from: number, to: number): void {
    if (from === to) return;
    const [n, withClusters] = [this.#n, this.#withClusters];
    const moved = this.#sums.cross(this.#all, members);
    for (let i = 0; i < n; i++) withClusters[from * n + i] -= moved[i];
    for (let i = 0; i < n; i++) withClusters[to * n + i] += moved[i];
    this.#sizes[from] -= members.length;
    this.#sizes[to] = (this.#sizes[to] ?? 0) + members.length;
    for (const sample of members) this.labels[sample] = to;
  }

  #sumClusters(): void {
    this.#own.length = 0;
    for (let c = 0; c < this.#sizes.length; c++) this.#own.push(0);
    for (let i = 0; i < this.#n; i++) {
      const c = this.labels[i];
      this.#own[c] += this.#withClusters[c * this.#n + i];
    }
  }
}

/** The numbers 0 to n - 1. */
function firstIntegers(n: number): Int32Array {
  const integers = new Int32Array(n);
  for (let i = 0; i < n; i++) integers[i] = i;
  return integers;
}
