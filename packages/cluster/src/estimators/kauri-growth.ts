/** The growth of a Kauri tree: sums that are kept from step to step, so that a step looks only at what has changed. */
import type { Matrix, Precision } from 'genmi';
import type { Pace } from '../base/pace.js';
import type { Random } from '../base/random.js';
import { BestSplit, type LeafSums, type Split } from './kauri-splits.js';
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

interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly cluster: number;
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
  /** d x N sums sigma(P, P) of the prefixes P of a leaf, in the order of each feature. */
  readonly #prefixes: Float64Array;
  /** `[N]` sigma({i}, N) for the leaf N of sample i. */
  readonly #withLeaf: Float64Array;
  /** N x K sums sigma({i}, C_k). */
  readonly #withClusters: Float64Array;
  readonly #sizes: number[];
  readonly #own: number[] = [0];
  /** `[N]` the side of each sample of the leaf that splits: 1 for left. */
  readonly #isLeft: Uint8Array;
  readonly #all: Int32Array;

  constructor({ data, shape: [n, d] }: Matrix, sums: KernelSums, limits: TreeLimits) {
    this.#data = data;
    this.#n = n;
    this.#d = d;
    this.#sums = sums;
    this.#limits = limits;
    this.#orders = new Int32Array(d * n);
    this.#prefixes = new Float64Array(d * n);
    this.#withClusters = new Float64Array(n * limits.maxClusters);
    this.#isLeft = new Uint8Array(n);
    this.#all = Int32Array.from({ length: n }, (_, i) => i);
    this.#withLeaf = sums.cross(this.#all, this.#all);
    for (let i = 0; i < n; i++) {
      this.#withClusters[i * limits.maxClusters] = this.#withLeaf[i];
      this.#own[0] += this.#withLeaf[i];
    }
    this.labels = new Int32Array(n);
    this.#sizes = [n];
    this.#leaves = [{ node: 0, start: 0, end: n, cluster: 0, summed: new Uint8Array(d) }];
    this.nodes = [{ depth: 0, samples: n, cluster: 0 }];
  }

  /** The objective: the sum of sigma(C, C) / |C| over all clusters. */
  get objective(): number {
    return this.#own.reduce((sum, own, c) => sum + own / this.#sizes[c], this.#sums.constant);
  }

  /** Splits leaves while there is a gain. */
  async grow(random: Random, pace: Pace): Promise<void> {
    const [sorted, taken] = [new Float64Array(this.#n), new Int32Array(this.#n)];
    for (let feature = 0; feature < this.#d; feature++) {
      this.#sort(feature, sorted, taken);
      if (pace.due) await pace.rest(0);
    }
    const { maxLeaves, maxFeatures } = this.#limits;
    const all = Int32Array.from({ length: this.#d }, (_, feature) => feature);
    while (this.#leaves.length < maxLeaves && !pace.stopped) {
      const features = maxFeatures < this.#d ? random.permutation(this.#d, maxFeatures).sort() : all;
      const split = await this.#bestSplit(features, pace);
      if (!split) return;
      this.#apply(split);
      pace.standing = { objective: this.objective, clusters: this.#sizes.length };
    }
  }

  /**
   * Orders the samples by the feature; samples with equal values keep their order.
   *
   * @param sorted `[N]` room for values
   * @param taken `[N]` room for counts
   */
  #sort(feature: number, sorted: Float64Array, taken: Int32Array): void {
    const [n, d] = [this.#n, this.#d];
    const [orders, data, at] = [this.#orders, this.#data, feature * n];
    for (let i = 0; i < n; i++) sorted[i] = data[i * d + feature];
    // Numbers sort several times as fast as indices with a comparison in JavaScript.
    sorted.sort();
    taken.fill(0);
    for (let i = 0; i < n; i++) {
      const place = firstNotBelow(sorted, data[i * d + feature]);
      orders[at + place + taken[place]++] = i;
    }
  }

  async #bestSplit(features: Int32Array, pace: Pace): Promise<Split | undefined> {
    const clusters = { most: this.#limits.maxClusters, sizes: this.#sizes, own: this.#own };
    const best = new BestSplit(clusters, TOLERANCE * this.#sums.scale);
    const shared = new Float64Array(this.#sizes.length);
    for (const [number, leaf] of this.#leaves.entries()) {
      if (!this.#mayLeafSplit(leaf)) continue;
      best.atLeaf(this.#leafSums(number, leaf));
      for (const feature of features) {
        this.#offerFeature(leaf, feature, best, shared);
        if (pace.due) await pace.rest(this.#leaves.length / this.#limits.maxLeaves);
        if (pace.stopped && this.#leaves.length > 1) return undefined;
      }
    }
    return best.split;
  }

  #mayLeafSplit({ node, start, end }: Leaf): boolean {
    return end - start >= this.#limits.minSamplesSplit && this.nodes[node].depth < this.#limits.maxDepth;
  }

  #leafSums(leaf: number, { start, end, cluster }: Leaf): LeafSums {
    const most = this.#limits.maxClusters;
    const clusters = new Float64Array(this.#sizes.length);
    let own = 0;
    for (let t = start; t < end; t++) {
      const sample = this.#orders[t];
      own += this.#withLeaf[sample];
      for (let c = 0; c < clusters.length; c++) clusters[c] += this.#withClusters[sample * most + c];
    }
    return { leaf, size: end - start, cluster, own, clusters };
  }

  /** @param shared `[K]` room for sums */
  #offerFeature({ start, end, summed }: Leaf, feature: number, best: BestSplit, shared: Float64Array): void {
    const [data, d, least] = [this.#data, this.#d, this.#limits.minSamplesLeaf];
    const [orders, prefixes, withLeaf] = [this.#orders, this.#prefixes, this.#withLeaf];
    const at = feature * this.#n;
    if (!summed[feature]) {
      this.#sums.prefixes(orders, at + start, at + end, withLeaf, prefixes);
      summed[feature] = 1;
    }
    best.atFeature(feature);
    shared.fill(0);
    const [withClusters, most, known] = [this.#withClusters, this.#limits.maxClusters, shared.length];
    let own = 0;
    let sample = orders[at + start];
    let value = data[sample * d + feature];
    for (let size = 1; size <= end - start - least; size++) {
      own += withLeaf[sample];
      for (let c = 0; c < known; c++) shared[c] += withClusters[sample * most + c];
      sample = orders[at + start + size];
      const next = data[sample * d + feature];
      if (size >= least && value !== next) best.offer(size, prefixes[at + start + size - 1], own, shared);
      value = next;
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
    this.#leaves[number] = { node: child, start, end: middle, cluster: left, summed: new Uint8Array(this.#d) };
    this.#leaves.push({ node: child + 1, start: middle, end, cluster: right, summed: new Uint8Array(this.#d) });
  }

  /** Puts the left samples before the right ones in all orders, and sums within both. */
  #separate(start: number, end: number, lefts: Int32Array, rights: Int32Array): void {
    const [orders, isLeft] = [this.#orders, this.#isLeft];
    for (const sample of lefts) isLeft[sample] = 1;
    const rest = new Int32Array(rights.length);
    for (let feature = 0; feature < this.#d; feature++) {
      const at = feature * this.#n;
      let [toLeft, toRest] = [at + start, 0];
      for (let place = at + start; place < at + end; place++) {
        const sample = orders[place];
        if (isLeft[sample]) orders[toLeft++] = sample;
        else rest[toRest++] = sample;
      }
      orders.set(rest, toLeft);
    }
    for (const sample of lefts) isLeft[sample] = 0;
    const ofLeft = this.#sums.cross(lefts, lefts);
    const ofRight = this.#sums.cross(rights, rights);
    for (let t = 0; t < lefts.length; t++) this.#withLeaf[lefts[t]] = ofLeft[t];
    for (let t = 0; t < rights.length; t++) this.#withLeaf[rights[t]] = ofRight[t];
  }

  #move(members: Int32Array, from: number, to: number): void {
    if (from === to) return;
    const most = this.#limits.maxClusters;
    const moved = this.#sums.cross(this.#all, members);
    for (let i = 0; i < this.#n; i++) {
      this.#withClusters[i * most + from] -= moved[i];
      this.#withClusters[i * most + to] += moved[i];
    }
    this.#sizes[from] -= members.length;
    this.#sizes[to] = (this.#sizes[to] ?? 0) + members.length;
    for (const sample of members) this.labels[sample] = to;
  }

  #sumClusters(): void {
    this.#own.length = 0;
    for (let c = 0; c < this.#sizes.length; c++) this.#own.push(0);
    for (let i = 0; i < this.#n; i++) {
      const c = this.labels[i];
      this.#own[c] += this.#withClusters[i * this.#limits.maxClusters + c];
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
