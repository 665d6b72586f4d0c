// Clusters the digits of MNIST by invariant information clustering (Ji, Henriques, Vedaldi, 2019): a dense network sees
// two perturbed copies of each image, and its clusters of both shall agree. Five heads have ten clusters each, five
// others have fifty, which helps the layers below. `node out/examples/iic-mnist.js [epochs] [images]`.

import { accuracy, ari, iic } from 'genmi';
import { adam, type HeadEpoch, Network, trainPairs } from 'genmi/networks';
import { affineAsync, elasticAsync } from 'genmi/perturbations';
import { type Digits, IMAGE_SIDE, normalise, PIXELS, readDigits } from '../support/digits.js';

const [epochs = 10, count = 60_000] = process.argv.slice(2).map(Number);
const heads = [
  { clusters: 10, count: 5 },
  { clusters: 50, count: 5 },
];
const layers = [512, 512].map((width) => ({ width, batchNormalization: true }));
const network = Network.dense({ inputs: PIXELS, layers, outputs: 5 * (10 + 50), seed: 1 });
/** Affine copies keep the shapes of strokes: elastic ones bend them. */
const STROKES = { amplitude: 34, sigma: 4 };
const [digits, test] = [readDigits('train', count), readDigits('t10k')];

const imagesOf = ({ pixels, count }: Digits) =>
  ({ data: pixels, shape: [count, IMAGE_SIDE, IMAGE_SIDE], scale: 1 / 255 }) as const;

const tests = normalise(Float32Array.from(test.pixels));

/** The clusters of the test images, by one head. */
async function clustersOf({ columns: [first, end] }: HeadEpoch): Promise<Int32Array> {
  const { data } = await network.logitsAsync(tests);
  return Int32Array.from({ length: test.count }, (_, i) => {
    const row = data.subarray(i * network.outputs + first, i * network.outputs + end);
    return row.indexOf(Math.max(...row));
  });
}

await trainPairs(network, {
  samples: digits.count,
  perturb: async (request, signal) => {
    const map = { rotation: 25, scale: 0.2, shift: 0.1 };
    const moved = await affineAsync(imagesOf(digits), { ...request, signal, ...map });
    return normalise((await elasticAsync(moved, { ...STROKES, seed: request.seed, signal })).data);
  },
  loss: iic(),
  heads,
  epochs,
  batchSize: 250,
  optimizer: adam({ learningRate: 1e-3 }),
  seed: 1,
  onEpoch: async ({ epoch, best }) => {
    const clusters = await clustersOf(best);
    const scores = [accuracy(test.labels, clusters), ari(test.labels, clusters)].map((score) => score.toFixed(3));
    console.log(`epoch ${epoch}: loss ${best.loss.toFixed(3)}, accuracy ${scores[0]}, ARI ${scores[1]}`);
  },
});
