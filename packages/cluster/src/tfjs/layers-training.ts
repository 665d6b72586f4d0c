/** The training of `LayersClusterer`: steps, restarts, and checkpoints. */
import type { Optimizer, Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Matrix } from 'genmi';
import type { TensorFlow } from 'genmi/tfjs';
import type { Pace } from '../base/pace.js';
import { Random } from '../base/random.js';
import { failed } from '../errors.js';
import {
  base64Of,
  bytesOfBase64,
  type CheckpointFile,
  CheckpointWriter,
  readCheckpoint,
} from '../estimators/checkpoint.js';

/** The functions of TensorFlow.js that the clusterer calls: `@tensorflow/tfjs`, `tfjs-node` and `tfjs-node-gpu` have them. */
export type LayersTensorFlow = TensorFlow &
  Pick<typeof import('@tensorflow/tfjs-core'), 'sum' | 'tensor' | 'tidy'> & {
    readonly train: { adam(learningRate?: number): Optimizer };
    readonly models: { modelFromJSON(json: never): Promise<LayersModel> };
  };

/** What is trained. */
export interface LayersPlan {
  readonly tf: LayersTensorFlow;
  /** Makes a model with the initial values of a seed. */
  readonly make: (seed: number) => LayersModel;
  readonly x: Matrix;
  /** The loss of a batch's logits; `rows` are its samples. */
  readonly loss: (logits: Tensor2D, rows: Int32Array) => Scalar;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly clusters: number;
  readonly seed: number;
  readonly restarts: number;
}

/** A restart, with the mean value of the objective over the steps of each epoch. */
export interface LayersRun {
  readonly model: LayersModel;
  readonly history: number[];
}

/** A tensor of float32 as a checkpoint keeps it. */
interface PlainTensor {
  /** Its numbers, in base64. */
  readonly data: string;
  readonly shape: readonly number[];
}

/** The state of a fit between two epochs, as a checkpoint keeps it. */
interface LayersState {
  /** The restart that is running, from 0. */
  readonly restart: number;
  readonly history: readonly number[];
  readonly weights: readonly PlainTensor[];
  /** The state of Adam: its first moments, then the second ones. */
  readonly optimizer: { readonly steps: number; readonly moments: readonly PlainTensor[] };
  /** The best of the restarts before it. */
  readonly best: Pick<LayersState, 'history' | 'weights'> | undefined;
}

/** Trains all restarts, and returns the one with the largest objective in its last epoch; of equal ones the first. */
export async function trainLayers(plan: LayersPlan, pace: Pace, file: CheckpointFile | undefined): Promise<LayersRun> {
  const begun = file?.resume ? await readCheckpoint<LayersState>(file) : undefined;
  const writer = file && new CheckpointWriter(file);
  const training = new LayersTraining(plan, pace, writer);
  const run = () => training.run(begun);
  return writer ? writer.during(run) : run();
}

class LayersTraining {
  readonly #plan: LayersPlan;
  readonly #pace: Pace;
  readonly #writer: CheckpointWriter | undefined;
  #best: LayersRun | undefined;
  /** The best one as checkpoints keep it, once one needs it. */
  #saved: LayersState['best'];

  constructor(plan: LayersPlan, pace: Pace, writer: CheckpointWriter | undefined) {
    this.#plan = plan;
    this.#pace = pace;
    this.#writer = writer;
  }

  async run(begun: LayersState | undefined): Promise<LayersRun> {
    const { restarts } = this.#plan;
    try {
      if (begun?.best) this.#best = this.#restored(begun.best);
      for (let restart = begun?.restart ?? 0; restart < restarts && !(this.#best && this.#pace.stopped); restart++) {
        this.#keep(await this.#restart(restart, restart === begun?.restart ? begun : undefined));
      }
    } catch (error) {
      this.#best?.model.dispose();
      throw error;
    }
    return this.#best as LayersRun;
  }

  #restored({ history, weights }: NonNullable<LayersState['best']>): LayersRun {
    const model = this.#plan.make(0);
    this.#setWeights(model, weights);
    return { model, history: [...history] };
  }

  #keep(run: LayersRun): void {
    if (this.#best && !((run.history.at(-1) as number) > (this.#best.history.at(-1) as number))) {
      run.model.dispose();
      return;
    }
    this.#best?.model.dispose();
    this.#best = run;
    this.#saved = undefined;
  }

  async #restart(restart: number, begun: LayersState | undefined): Promise<LayersRun> {
    const { tf, make, seed, learningRate } = this.#plan;
    const random = new Random(seed, restart);
    const model = make(random.below(2 ** 31));
    const optimizer = tf.train.adam(learningRate);
    try {
      if (begun) await this.#resume(model, optimizer, begun);
      const run = { model, history: [...(begun?.history ?? [])] };
      await this.#epochs(restart, run, random, optimizer);
      return run;
    } catch (error) {
      model.dispose();
      throw error;
    } finally {
      optimizer.dispose();
    }
  }

  async #resume(model: LayersModel, optimizer: Optimizer, { weights, optimizer: state }: LayersState): Promise<void> {
    this.#setWeights(model, weights);
    const steps = this.#plan.tf.tensor(Int32Array.of(state.steps), [1], 'int32');
    const tensors = [steps, ...state.moments.map((moment) => this.#tensorOf(moment))];
    await setState(
      optimizer,
      tensors.map((tensor, t) => ({ name: `${t}`, tensor })),
    );
  }

  #setWeights(model: LayersModel, weights: readonly PlainTensor[]): void {
    this.#plan.tf.tidy(() => model.setWeights(weights.map((weight) => this.#tensorOf(weight))));
  }

  #tensorOf({ data, shape }: PlainTensor): Tensor {
    return this.#plan.tf.tensor(new Float32Array(bytesOfBase64(data).buffer), [...shape]);
  }

  async #epochs(restart: number, { model, history }: LayersRun, random: Random, optimizer: Optimizer): Promise<void> {
    const { x, epochs, batchSize, clusters, restarts } = this.#plan;
    const [n, pace] = [x.shape[0], this.#pace];
    const variables = model.trainableWeights.map((weight) => weight.read() as Variable);
    for (let past = 0; past < history.length; past++) random.permutation(n);
    for (let epoch = history.length; epoch < epochs && !(epoch > 0 && pace.stopped); epoch++) {
      const order = random.permutation(n);
      let sum = 0;
      for (let first = 0; first < n; first += batchSize) {
        const rows = order.slice(first, first + batchSize);
        sum += rows.length * this.#step(model, rows, optimizer, variables);
        if (pace.due) await pace.rest((restart + (epoch + first / n) / epochs) / restarts);
      }
      history.push(sum / n);
      pace.standing = { objective: sum / n, clusters };
      await this.#record(restart, { model, history }, optimizer);
    }
  }

  /** The objective of some samples, before a step that makes it larger. */
  #step(model: LayersModel, rows: Int32Array, optimizer: Optimizer, variables: Variable[]): number {
    const { tf, x, loss } = this.#plan;
    let failure: unknown;
    const value = tf.tidy(() => {
      const batch = batchOf(tf, model, x, rows);
      const lossOfBatch = () => {
        const logits = model.apply(batch, { training: true }) as Tensor2D;
        try {
          return loss(logits, rows);
        } catch (error) {
          failure = error; // thrown through a gradient of TensorFlow.js, it would leave tensors behind
          return tf.sum<Scalar>(logits);
        }
      };
      return -(optimizer.minimize(lossOfBatch, true, variables) as Tensor).dataSync()[0];
    });
    if (failure === undefined) return value;
    if (Object(failure).code !== 'ERR_OUT_OF_RANGE') throw failure;
    // The shapes of the loss's arguments are right: its numbers are not finite.
    const remedy = 'scale the features, or lower the learning rate';
    throw failed('ERR_NOT_FINITE', 'fit', 'a training whose numbers stay finite', 'others', remedy, failure);
  }

  /** Hands the state after an epoch to the checkpoint, where there is one. */
  async #record(restart: number, { model, history }: LayersRun, optimizer: Optimizer): Promise<void> {
    const state = await optimizer.getWeights();
    const [steps, ...moments] = state.map(({ tensor }) => kept(tensor));
    // A state that is set is rounded: set it here, too, and training goes on as after a checkpoint.
    await setState(optimizer, state);
    if (this.#writer === undefined) return;
    const [past, weights] = [[...history], model.getWeights().map(kept)];
    this.#saved ??= this.#best && plainRun(this.#best);
    const best = this.#saved;
    await this.#writer.take((): LayersState => {
      const optimizer = { steps: steps.data[0], moments: moments.map(plain) };
      return { restart, history: past, weights: weights.map(plain), optimizer, best };
    });
  }
}

/** The numbers of a tensor, which no later step changes. */
interface Kept {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const kept = (tensor: Tensor): Kept => ({ data: tensor.dataSync<'float32'>(), shape: tensor.shape });
const plain = ({ data, shape }: Kept): PlainTensor => ({ data: base64Of(data), shape });
const plainRun = ({ model, history }: LayersRun) => ({
  history,
  weights: model.getWeights().map((weight) => plain(kept(weight))),
});

/** Sets the state of an optimiser, and frees the tensors that it came in. */
async function setState(optimizer: Optimizer, state: Awaited<ReturnType<Optimizer['getWeights']>>): Promise<void> {
  await optimizer.setWeights(state);
  for (const { tensor } of state) tensor.dispose();
}

/** Some rows of x as a tensor of the model's shape. */
export function batchOf(
  tf: Pick<LayersTensorFlow, 'tensor'>,
  model: LayersModel,
  { data, shape: [, d] }: Matrix,
  rows: ArrayLike<number>,
): Tensor {
  const batch = new Float32Array(rows.length * d);
  for (let i = 0; i < rows.length; i++) batch.set(data.subarray(rows[i] * d, (rows[i] + 1) * d), i * d);
  return tf.tensor(batch, [rows.length, ...sampleShapeOf(model)]);
}

/** The shape of one sample. */
export function sampleShapeOf(model: LayersModel): number[] {
  return (model.inputs[0]?.shape ?? []).slice(1).map(Number);
}
