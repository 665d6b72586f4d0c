/** The network of a Douglas tree: soft bins of features, their products, and scores of clusters. */
import type { Matrix } from 'genmi';

/** The parameters of a soft tree over the columns that it uses. */
export interface SoftTreeShape {
  /** The columns of the data that have cuts. */
  readonly features: readonly number[];
  readonly cuts: number;
  readonly clusters: number;
  /** The softness of bins, > 0. */
  readonly temperature: number;
}

/**
 * Logits of clusters from features, and the gradients of parameters.
 *
 * Bins of a feature x with sorted cuts c: softmax over j = 0..cuts of ((j + 1) x - c_0 - ... - c_(j-1)) / temperature.
 * A leaf is a choice of one bin of each feature; its membership is the product of these bins, and logits are
 * memberships times scores. Gradients use products of the other features' bins, never quotients: they stay finite where
 * bins underflow.
 *
 * Cost: O(K (cuts + 1)^F) a sample, for F features.
 */
export class SoftTree {
  /** F x cuts, in any order within a feature. */
  readonly cutPoints: Float64Array;
  /** leaves x K; the last feature's bins change fastest. */
  readonly scores: Float64Array;
  readonly shape: SoftTreeShape;
  readonly #bins: number;
  /** The sorted cuts of each feature, and the place of each in `cutPoints`. */
  readonly #sorted: Float64Array;
  readonly #places: Int32Array;
  /** F x bins of the sample at hand. */
  readonly #of: Float64Array;
  /** For f = 0..F the memberships of the first f features' bins, (cuts + 1)^f of them. */
  readonly #products: readonly Float64Array[];
  /** Gradients with respect to these. */
  readonly #gradients: readonly Float64Array[];

  constructor(shape: SoftTreeShape, cutPoints: Float64Array, scores: Float64Array) {
    this.shape = shape;
    this.cutPoints = cutPoints;
    this.scores = scores;
    this.#bins = shape.cuts + 1;
    const features = shape.features.length;
    this.#sorted = new Float64Array(cutPoints.length);
    this.#places = new Int32Array(cutPoints.length);
    this.#of = new Float64Array(features * this.#bins);
    this.#products = Array.from({ length: features + 1 }, (_, f) => new Float64Array(this.#bins ** f));
    this.#gradients = this.#products.map(({ length }) => new Float64Array(length));
    this.#products[0][0] = 1;
  }

  /** Must be called after `cutPoints` changed. */
  sort(): void {
    const { cuts, features } = this.shape;
    for (let f = 0; f < features.length; f++) {
      const own = this.cutPoints.subarray(f * cuts, (f + 1) * cuts);
      const order = Array.from(own.keys()).sort((a, b) => own[a] - own[b] || a - b);
      for (const [rank, place] of order.entries()) {
        this.#sorted[f * cuts + rank] = own[place];
        this.#places[f * cuts + rank] = f * cuts + place;
      }
    }
  }

  /** Writes the bins of feature f, and returns the view of them. */
  #binsOf(f: number, x: number): Float64Array {
    const { cuts, temperature } = this.shape;
    const bins = this.#of.subarray(f * this.#bins, (f + 1) * this.#bins);
    let bias = 0;
    let largest = -Infinity;
    for (let j = 0; j <= cuts; j++) {
      bins[j] = ((j + 1) * x + bias) / temperature;
      largest = Math.max(largest, bins[j]);
      if (j < cuts) bias -= this.#sorted[f * cuts + j];
    }
    let sum = 0;
    for (let j = 0; j <= cuts; j++) {
      bins[j] = Math.exp(bins[j] - largest);
      sum += bins[j];
    }
    for (let j = 0; j <= cuts; j++) bins[j] /= sum;
    return bins;
  }

  /** Memberships of the leaves of one sample, which stay valid until the next call. */
  memberships({ data, shape: [, d] }: Matrix, row: number): Float64Array {
    const { features } = this.shape;
    for (let f = 0; f < features.length; f++) {
      const bins = this.#binsOf(f, data[row * d + features[f]]);
      const [before, after] = [this.#products[f], this.#products[f + 1]];
      for (let a = 0; a < before.length; a++) {
        for (let j = 0; j < bins.length; j++) after[a * bins.length + j] = before[a] * bins[j];
      }
    }
    return this.#products[features.length];
  }

  /** Writes the logits of a sample into `logits` from `at` on. */
  forward(x: Matrix, row: number, logits: Float64Array, at: number): void {
    const k = this.shape.clusters;
    const memberships = this.memberships(x, row);
    logits.fill(0, at, at + k);
    for (let leaf = 0; leaf < memberships.length; leaf++) {
      for (let c = 0; c < k; c++) logits[at + c] += memberships[leaf] * this.scores[leaf * k + c];
    }
  }

  /**
   * Adds a sample's gradients of cuts and scores, from those of its logits in `dLogits` from `at` on.
   */
  backward(
    x: Matrix,
    row: number,
    dLogits: ArrayLike<number>,
    at: number,
    dCuts: Float64Array,
    dScores: Float64Array,
  ): void {
    const { clusters: k, features } = this.shape;
    const memberships = this.memberships(x, row);
    const dLeaves = this.#gradients[features.length];
    for (let leaf = 0; leaf < memberships.length; leaf++) {
      let sum = 0;
      for (let c = 0; c < k; c++) {
        dScores[leaf * k + c] += memberships[leaf] * dLogits[at + c];
        sum += dLogits[at + c] * this.scores[leaf * k + c];
      }
      dLeaves[leaf] = sum;
    }
    for (let f = features.length - 1; f >= 0; f--) this.#backwardFeature(f, dCuts);
  }

  /** From the gradient of the first f + 1 features' products to that of the first f, and to the cuts of feature f. */
  #backwardFeature(f: number, dCuts: Float64Array): void {
    const [bins, { cuts, temperature }] = [this.#bins, this.shape];
    const own = this.#of.subarray(f * bins, (f + 1) * bins);
    const [before, dBefore, dAfter] = [this.#products[f], this.#gradients[f], this.#gradients[f + 1]];
    const dOwn = new Float64Array(bins);
    for (let a = 0; a < before.length; a++) {
      let sum = 0;
      for (let j = 0; j < bins; j++) {
        sum += dAfter[a * bins + j] * own[j];
        dOwn[j] += dAfter[a * bins + j] * before[a];
      }
      dBefore[a] = sum;
    }
    let mean = 0;
    for (let j = 0; j < bins; j++) mean += own[j] * dOwn[j];
    // The logit of bin j holds minus the sum of the cuts before it.
    let below = 0;
    for (let rank = cuts - 1; rank >= 0; rank--) {
      below += (own[rank + 1] * (dOwn[rank + 1] - mean)) / temperature;
      dCuts[this.#places[f * cuts + rank]] -= below;
    }
  }
}
