// Clusters the digits of MNIST in the latent space of an autoencoder, whose samples are drawn towards the components of a
// Dirichlet-process mixture (after Lim, 2024): `node out/examples/deep-mixture-mnist.js [options]`. Prints the clusters
// found and the ARI on the test images, for each seed, truncation and divergence; `--alpha` and `--truncation` take lists.
//
// The loss of a sample is the cross-entropy of its reconstruction, in nats, plus `--weight` times a divergence between the
// encoder's Gaussian and the component that the sample belongs to. The reconstruction alone is trained first. Before each
// later epoch the mixture is fitted to the means of all samples. All runs of a seed begin with the same reconstruction.

import { parseArgs } from 'node:util';
import { ari } from 'genmi';
import { alphaJs, DirichletProcessMixture, type GaussianDivergence, gaussianKl } from 'genmi/mixtures';
import { adam, Network } from 'genmi/networks';
import { type Digits, PIXELS, readDigits } from '../support/digits.js';
import { mulberry32, normal, type Random, shuffle } from '../support/random.js';

const { values } = parseArgs({
  options: {
    alpha: { type: 'string', default: '0.65' },
    divergences: { type: 'string', default: 'alpha-js,kl' },
    epochs: { type: 'string', default: '10' },
    first: { type: 'string', default: '10' },
    latent: { type: 'string', default: '10' },
    samples: { type: 'string', default: '60000' },
    seeds: { type: 'string', default: '1' },
    truncation: { type: 'string', default: '50' },
    weight: { type: 'string', default: '1' },
  },
});
const [latent, weight] = [values.latent, values.weight].map(Number);
const listOf = (option: string) => option.split(',').map(Number);
const BATCH = 250;
const FLOOR = 1e-6;
/** The divergences by their names: one for each alpha, where it has one. */
const divergences = values.divergences.split(',').flatMap((name): [string, GaussianDivergence][] => {
  if (name === 'kl') return [[name, gaussianKl({ floor: FLOOR })]];
  const dual = name === 'js-dual';
  if (!dual && name !== 'alpha-js') throw new Error(`divergences: alpha-js, js-dual, kl; received ${name}`);
  return listOf(values.alpha).map((alpha) => [`${name} ${alpha}`, alphaJs({ alpha, dual, floor: FLOOR })]);
});
const [train, test] = [readDigits('train', Number(values.samples)), readDigits('t10k')];

/** The encoder's Gaussians of some samples: columns of its outputs. */
interface Encoded {
  readonly mean: { data: Float32Array; shape: readonly [number, number] };
  readonly logVariance: { data: Float32Array; shape: readonly [number, number] };
}

function split({ data, shape: [count] }: { data: ArrayLike<number>; shape: readonly [number, number] }): Encoded {
  const columns = (first: number) => ({
    data: Float32Array.from({ length: count * latent }, (_, at) => {
      return data[Math.floor(at / latent) * 2 * latent + first + (at % latent)];
    }),
    shape: [count, latent] as const,
  });
  return { mean: columns(0), logVariance: columns(latent) };
}

/** The cross-entropy between pixels and a decoder's logits, its mean over the samples, and the slopes downhill. */
function crossEntropy(pixels: Float32Array, logits: ArrayLike<number>) {
  const downhill = new Float32Array(logits.length);
  const count = logits.length / PIXELS;
  let value = 0;
  for (let at = 0; at < logits.length; at++) {
    const [x, logit] = [pixels[at], logits[at]];
    value += Math.max(logit, 0) - x * logit + Math.log1p(Math.exp(-Math.abs(logit)));
    downhill[at] = (x - 1 / (1 + Math.exp(-logit))) / count;
  }
  return { value: value / count, downhill: { data: downhill, shape: [count, PIXELS] as const } };
}

class Model {
  readonly mixture: DirichletProcessMixture;
  readonly #encoder: Network;
  readonly #decoder: Network;
  readonly #optimizers = [adam({ learningRate: 1e-3 }), adam({ learningRate: 1e-3 })] as const;
  readonly #random: Random;

  /** @param start a model of the same seed, whose networks this one begins with */
  constructor(seed: number, truncation: number, start?: Model) {
    const layers = [{ width: 500 }, { width: 500 }];
    this.#encoder = Network.dense({ inputs: PIXELS, layers, outputs: 2 * latent, seed });
    this.#decoder = Network.dense({ inputs: latent, layers, outputs: PIXELS, seed: seed + 1000 });
    this.#random = mulberry32(seed);
    this.mixture = new DirichletProcessMixture({ truncation, seed });
    if (start === undefined) return;
    this.#encoder.load(start.#encoder.parameters());
    this.#decoder.load(start.#decoder.parameters());
  }

  encode({ pixels, count }: Digits): Encoded {
    return split(this.#encoder.logits({ data: pixels, shape: [count, PIXELS], scale: 1 / 255 }));
  }

  /** Trains one epoch; without a divergence, the reconstruction from the means alone. Returns the mean loss. */
  epoch(divergence?: GaussianDivergence): number {
    const labels = divergence && this.mixture.predict(this.encode(train).mean);
    const order = Int32Array.from({ length: train.count }, (_, i) => i);
    shuffle(order, this.#random);
    let [sum, steps] = [0, 0];
    for (let at = 0; at + BATCH <= order.length; at += BATCH, steps++)
      sum += this.#step(order.subarray(at, at + BATCH), divergence, labels);
    return sum / steps;
  }

  #step(rows: Int32Array, divergence?: GaussianDivergence, labels?: Int32Array): number {
    const pixels = new Float32Array(BATCH * PIXELS);
    for (const [i, row] of rows.entries())
      for (let at = 0; at < PIXELS; at++) pixels[i * PIXELS + at] = train.pixels[row * PIXELS + at] / 255;
    const outputs = this.#encoder.forward({ data: pixels, shape: [BATCH, PIXELS] });
    const { mean, logVariance } = split(outputs);
    const noise = mean.data.map((_, at) =>
      divergence ? normal(this.#random) * Math.exp(logVariance.data[at] / 2) : 0,
    );
    const decoded = this.#decoder.forward({ data: mean.data.map((m, at) => m + noise[at]), shape: mean.shape });
    const reconstruction = crossEntropy(pixels, decoded.data);
    const { data: byLatent } = this.#decoder.backward(reconstruction.downhill, { input: true });
    const drawn =
      divergence && labels && divergence.valueAndGrad({ mean, logVariance }, this.#components(rows, labels));
    const downhill = Float32Array.from({ length: BATCH * 2 * latent }, (_, at) => {
      const [i, column] = [Math.floor(at / (2 * latent)), at % (2 * latent)];
      const place = i * latent + (column % latent);
      const slope = byLatent[place] * (column < latent ? 1 : noise[place] / 2);
      if (!drawn) return slope;
      const [by] = drawn.gradients;
      return slope - weight * (column < latent ? by.mean.data[place] : by.logVariance.data[place]);
    });
    this.#encoder.backward({ data: downhill, shape: outputs.shape });
    this.#optimizers[0].step(this.#encoder);
    this.#optimizers[1].step(this.#decoder);
    return reconstruction.value + (drawn ? weight * drawn.value : 0);
  }

  /** The components of some samples: expected means, and the inverse of expected precisions. */
  #components(rows: Int32Array, labels: Int32Array) {
    const { means, covariances } = this.mixture;
    const pick = (of: Float64Array) => ({
      data: Float64Array.from({ length: rows.length * latent }, (_, at) => {
        return of[labels[rows[Math.floor(at / latent)]] * latent + (at % latent)];
      }),
      shape: [rows.length, latent] as const,
    });
    return { mean: pick(means.data), variance: pick(covariances) };
  }
}

/** The reconstruction alone. */
function firstStage(seed: number): Model {
  const model = new Model(seed, 2);
  for (let epoch = 1; epoch <= Number(values.first); epoch++) {
    const loss = model.epoch();
    if (epoch % 5 === 0) console.log(`  epoch ${epoch}: reconstruction ${loss.toFixed(1)}`);
  }
  return model;
}

/** Reconstruction and divergence. */
async function secondStage(model: Model, name: string, divergence: GaussianDivergence): Promise<void> {
  for (let epoch = 0; ; epoch++) {
    await model.mixture.fit(model.encode(train).mean, { warmStart: epoch > 0 });
    const clusters = model.mixture.predict(model.encode(test).mean);
    const found = `${model.mixture.clusters} clusters, ARI ${ari(test.labels, clusters).toFixed(3)}`;
    if (epoch === Number(values.epochs)) return console.log(`${name}: ${found}`);
    console.log(`  ${found}; loss ${model.epoch(divergence).toFixed(1)}`);
  }
}

for (let seed = 1; seed <= Number(values.seeds); seed++) {
  const first = firstStage(seed);
  for (const truncation of listOf(values.truncation))
    for (const [name, divergence] of divergences)
      await secondStage(
        new Model(seed, truncation, first),
        `seed ${seed}, truncation ${truncation}, ${name}`,
        divergence,
      );
}
