// Clusters digits of MNIST by invariant information clustering with one kind of copies, for as long as the others have:
// `node out/examples/iic-perturbations.js [options]`. Affine maps know nothing of the network. Algorithm 1 of the talk on
// maximising mutual information deforms an image until the network nearly prefers another cluster, within a Wasserstein
// ball. Prints the accuracy and the ARI on the test images after shares of the processor time, which copies take, too.

import { parseArgs } from 'node:util';
import { accuracy, ari, iic } from 'genmi';
import { adam, Network, type Perturb, trainPairs } from 'genmi/networks';
import { affine, affineAsync, type FloatImages, type Score, w2Perturbation } from 'genmi/perturbations';
import { IMAGE_SIDE, normalise, PIXELS, readDigits } from '../support/digits.js';

const { values } = parseArgs({
  options: {
    copies: { type: 'string', default: 'affine,w2,both' },
    epsilon: { type: 'string', default: '1.5' },
    eta: { type: 'string', default: '1' },
    samples: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '120' },
    seeds: { type: 'string', default: '1' },
  },
});
const [epsilon, eta, seconds] = [values.epsilon, values.eta, values.seconds].map(Number);
const CLUSTERS = 10;
const MAPS = { rotation: 25, scale: 0.2, shift: 0.1 };
const heads = [{ clusters: CLUSTERS }, { clusters: 50 }];
const [digits, test] = [readDigits('train', Number(values.samples)), readDigits('t10k')];
const originals = { data: digits.pixels, shape: [digits.count, IMAGE_SIDE, IMAGE_SIDE], scale: 1 / 255 } as const;
const tests = normalise(Float32Array.from(test.pixels));

const makeNetwork = (seed: number) =>
  Network.dense({
    inputs: PIXELS,
    layers: [512, 512].map((width) => ({ width, batchNormalization: true })),
    outputs: CLUSTERS + 50,
    seed,
  });

/** The number of the largest of ten logits, without one of them. */
function best(logits: Float32Array, without = -1): number {
  let at = without === 0 ? 1 : 0;
  for (let k = 0; k < CLUSTERS; k++) if (k !== without && logits[k] > logits[at]) at = k;
  return at;
}

/** How much a network prefers its best cluster to the second one, and the derivatives by the intensities. */
function preferenceOf(network: Network): Score {
  return ({ data, shape: [count] }) => {
    const lengths = Array.from({ length: count }, (_, i) => Math.hypot(...data.subarray(i * PIXELS, (i + 1) * PIXELS)));
    const rows = normalise(data.slice());
    const logits = network.forward(rows, { mode: 'prediction' });
    const weights = new Float32Array(logits.data.length);
    const values = lengths.map((_, i) => {
      const row = (logits.data as Float32Array).subarray(i * network.outputs, (i + 1) * network.outputs);
      const first = best(row);
      const second = best(row, first);
      weights[i * network.outputs + first] = 1;
      weights[i * network.outputs + second] = -1;
      return row[first] - row[second];
    });
    const { data: byRow } = network.backward(
      { data: weights, shape: logits.shape },
      { input: true, parameters: false },
    );
    return { values, gradient: { data: throughNormalisation(byRow as Float32Array, rows.data, lengths) } };
  };
}

/** The derivatives by images x, from those by x / |x|. */
function throughNormalisation(byRow: Float32Array, rows: Float32Array, lengths: readonly number[]): Float32Array {
  for (const [i, length] of lengths.entries()) {
    const [by, row] = [byRow, rows].map((all) => all.subarray(i * PIXELS, (i + 1) * PIXELS));
    const along = by.reduce((sum, each, at) => sum + each * row[at], 0);
    for (let at = 0; at < PIXELS; at++) by[at] = (by[at] - along * row[at]) / (length || 1);
  }
  return byRow;
}

/** The copies of each name. A training may read its network, and a second one with its parameters finds gradients. */
function copiesOf(name: string, network: Network): Perturb | [Perturb, Perturb] {
  const second = makeNetwork(0);
  const moved: Perturb = async (request, signal) =>
    normalise((await affineAsync(originals, { ...MAPS, ...request, signal })).data);
  const deform = async (images: FloatImages, seed: number, signal: AbortSignal) => {
    second.load(network.parameters());
    const options = { epsilon, eta, share: 0.5, sigma: 1, maxSteps: 5, seed, signal };
    return normalise((await w2Perturbation(images, preferenceOf(second), options)).images.data);
  };
  const same: Perturb = ({ rows }) => normalise(affine(originals, { rows }).data);
  if (name === 'affine') return [same, moved];
  if (name === 'w2') return [same, ({ rows, seed }, signal) => deform(affine(originals, { rows }), seed, signal)];
  if (name !== 'both') throw new Error(`copies: affine, w2, both; received ${name}`);
  const both: Perturb = async ({ rows, seed }, signal) =>
    deform(affine(originals, { ...MAPS, rows, seed }), seed, signal);
  return [same, both];
}

/** The processor time of all threads so far. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function run(name: string, seed: number): Promise<void> {
  const network = makeNetwork(seed);
  let [started, reports] = [processorSeconds(), 0];
  await trainPairs(network, {
    samples: digits.count,
    perturb: copiesOf(name, network),
    loss: iic(),
    heads,
    epochs: 10_000,
    batchSize: 250,
    optimizer: adam({ learningRate: 1e-3 }),
    seed,
    onEpoch: ({ epoch, best: { loss } }) => {
      const spent = processorSeconds() - started;
      if (spent < ((reports + 1) * seconds) / 4) return true;
      reports = Math.floor((4 * spent) / seconds);
      const reading = processorSeconds();
      const { data } = network.logits(tests);
      const clusters = Int32Array.from({ length: test.count }, (_, i) =>
        best((data as Float32Array).subarray(i * network.outputs, (i + 1) * network.outputs)),
      );
      const scores = [accuracy(test.labels, clusters), ari(test.labels, clusters)].map((score) => score.toFixed(3));
      console.log(
        `${name}, seed ${seed}, ${spent.toFixed(0)} s, epoch ${epoch}: loss ${loss.toFixed(3)}, accuracy ${scores[0]}, ARI ${scores[1]}`,
      );
      started += processorSeconds() - reading;
      return spent < seconds;
    },
  });
}

for (let seed = 1; seed <= Number(values.seeds); seed++)
  for (const name of values.copies.split(',')) await run(name, seed);
