/** Rows that are grey images, and the means of clusters as images. */
import { escapeHtml } from './html.js';
import type { PageInput } from './input.js';

/** Makes canvases, which the page's script fills. */
export class Images {
  readonly #input: PageInput;
  readonly #least: number;
  readonly #range: number;

  constructor(input: PageInput) {
    this.#input = input;
    let [least, most] = [Infinity, -Infinity];
    const { data, shape } = input.x;
    for (let i = 0; i < data.length; i++) {
      const value = this.#undo(data[i], i % shape[1]);
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    this.#least = least;
    this.#range = most - least || 1;
  }

  row(row: number): string {
    const { x, rowName } = this.#input;
    return this.#canvas(x.data.subarray(row * x.shape[1], (row + 1) * x.shape[1]), rowName(row));
  }

  mean(cluster: number): string {
    const { x, labels, sizes } = this.#input;
    const d = x.shape[1];
    const mean = new Float64Array(d);
    for (const [i, label] of labels.entries())
      if (label === cluster) for (let j = 0; j < d; j++) mean[j] += x.data[i * d + j] / sizes[cluster];
    return this.#canvas(mean, `mean of cluster ${cluster}`);
  }

  #undo(feature: number, j: number): number {
    const { centre, spread } = this.#input.features[j];
    return feature * spread + centre;
  }

  #canvas(features: ArrayLike<number>, label: string): string {
    const { width, height } = this.#input.image ?? { width: features.length, height: 1 };
    const pixels = Uint8Array.from(features, (feature, j) =>
      Math.round((255 * (this.#undo(feature, j) - this.#least)) / this.#range),
    );
    const text = escapeHtml(label);
    return `<canvas class="image" width="${width}" height="${height}" role="img" aria-label="${text}" data-pixels="${Buffer.from(pixels).toString('base64')}"></canvas>`;
  }
}
