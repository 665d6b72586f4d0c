import { info, type Objective } from 'genmi';
import { adam, type Epoch, Network, neighborLengths, type SampleData, train } from 'genmi/networks';
import { type Digits, PIXELS } from '../../support/digits.js';
import type { Recipe } from './recipe.js';
import { agreementOf, type EpochRecord, learningRateOf, NonFiniteError, type Trainer } from './trainer.js';

/** Finds how far each image may move, in the recipe's features. Nothing when aborted. */
export type FindLengths = (data: SampleData, signal: AbortSignal) => Promise<Float64Array | undefined>;

/** Makes a network of genmi's own core, and the training of it. */
export function createGenmiTrainer(
  recipe: Recipe,
  objective: Objective,
  clusters: number,
  seed: number,
  findLengths: FindLengths = lengthsOf,
): Trainer {
  const { hidden, batchNormalization, init, headScale, black } = recipe;
  const layers = hidden.map((width) => ({ width, activation: 'relu' as const, batchNormalization }));
  const network = Network.dense({ inputs: PIXELS, layers, outputs: clusters, init, headScale, seed });
  const features = ({ pixels, count }: Digits) => {
    return { data: pixels, shape: [count, PIXELS] as const, scale: (1 - black) / 255, offset: black };
  };
  const predict = (digits: Digits) => network.predictAsync(features(digits));
  return {
    engine: `genmi ${info().version}`,
    predict,
    async train(options) {
      const begun = performance.now();
      const epsilon = recipe.vat > 0 ? await findLengths(features(options.train), options.signal) : undefined;
      const preparation = (performance.now() - begun) / 1000;
      const epochs: EpochRecord[] = [];
      const onEpoch = async ({ epoch, objective, entropies, seconds }: Epoch) => {
        const started = performance.now();
        const agreement = agreementOf(options.test, await predict(options.test));
        const evaluation = (performance.now() - started) / 1000;
        const learningRate = learningRateOf(options, epoch);
        epochs.push({ epoch, objective, learningRate, entropies, ...agreement, seconds: { ...seconds, evaluation } });
        options.onEpoch(epochs[epochs.length - 1]);
      };
      const { learningRate, decay } = options;
      const run = await train(network, {
        data: features(options.train),
        objective,
        epochs: options.epochs,
        batchSize: options.batch,
        optimizer: adam({ learningRate, decay: decay ? 'linear' : 'constant' }),
        ...(epsilon && { vat: { weight: recipe.vat, epsilon } }),
        seed,
        signal: options.signal,
        onEpoch,
        onProgress: ({ step }) => options.onStep(step),
      });
      if (run.stopped === 'non-finite') throw new NonFiniteError(`${run.message}, training stopped`);
      return { epochs, preparation };
    },
  };
}

/** How far each image may move: a quarter of the distance to its 10th neighbour, as in IMSAT. Nothing when aborted. */
export async function lengthsOf(data: SampleData, signal: AbortSignal): Promise<Float64Array | undefined> {
  try {
    return await neighborLengths(data, { signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
