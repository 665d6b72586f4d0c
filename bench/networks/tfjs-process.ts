// TensorFlow.js in `npm run bench:networks`: answers the commands "prepare" and "run" of bench/peers/serve.py for
// training. Its number of threads comes from variables of the process.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Scalar, Tensor2D, Variable } from '@tensorflow/tfjs';
import { loadEngine } from '../../support/engine.js';
import type { Answer } from '../kernels/contestants.js';
import { LEARNING_RATE } from './rows.js';

/** What the process is told of a row: names of files, and sizes. */
export interface TrainingCommand {
  readonly inputs: string;
  readonly data: { readonly file: string; readonly n: number; readonly d: number };
  readonly sizes: readonly number[];
  readonly layers: readonly { readonly weights: string; readonly bias: string }[];
  readonly order: string;
  readonly batch: number;
  readonly epochs: number;
}

/** A squared discrepancy below this is rounding; its square root has no slope. */
const TINY = 1e-30;
const { tf, name, note } = await loadEngine('tfjs-node');
if (note) console.error(note);

function bytesOf(folder: string, file: string): { buffer: ArrayBuffer; offset: number; count: number } {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, file));
  return { buffer: buffer as ArrayBuffer, offset: byteOffset, count: byteLength / 4 };
}

function floats(folder: string, file: string): Float32Array {
  const { buffer, offset, count } = bytesOf(folder, file);
  return new Float32Array(buffer, offset, count);
}

/** One-vs-all MMD with the linear kernel: sum_k pi_k |X' (tau_k / pi_k - 1)| / N. */
function mmdOva(x: Tensor2D, logits: Tensor2D): Scalar {
  const tau = tf.softmax(logits);
  const pi = tf.mean(tau, 0);
  const embedded = tf.matMul(x, tf.sub(tf.div(tau, pi), 1) as Tensor2D, true);
  const norms = tf.sqrt(tf.maximum(tf.sum(tf.square(embedded), 0), TINY));
  return tf.div(tf.sum(tf.mul(pi, norms)), x.shape[0]);
}

class Training {
  readonly #command: TrainingCommand;
  readonly #x: Tensor2D;
  readonly #order: Int32Array;
  readonly #initial: Tensor2D[];
  readonly #variables: Variable[];

  constructor(command: TrainingCommand) {
    const { inputs, data, sizes, layers, order } = command;
    this.#command = command;
    this.#x = tf.tensor2d(floats(inputs, data.file), [data.n, data.d]);
    const { buffer, offset, count } = bytesOf(inputs, order);
    this.#order = new Int32Array(buffer, offset, count);
    this.#initial = layers.flatMap(({ weights, bias }, layer) => [
      tf.tensor2d(floats(inputs, weights), [sizes[layer] as number, sizes[layer + 1] as number]),
      tf.tensor(floats(inputs, bias)) as Tensor2D,
    ]);
    this.#variables = this.#initial.map((initial) => tf.variable(initial));
  }

  #logits(x: Tensor2D): Tensor2D {
    let activations = x;
    for (let at = 0; at < this.#variables.length; at += 2) {
      const [b, bias] = [this.#variables[at] as unknown as Tensor2D, this.#variables[at + 1]];
      const activation = at + 2 < this.#variables.length ? 'relu' : 'linear';
      activations = tf.fused.matMul({ a: activations, b, bias, activation }) as Tensor2D;
    }
    return activations;
  }

  /** Trains from the initial values; the mean objective of the first epoch. */
  run(): { seconds: number; answers: Answer[] } {
    const { batch, epochs, data } = this.#command;
    for (const [at, initial] of this.#initial.entries()) this.#variables[at]?.assign(initial as never);
    const start = performance.now();
    const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
    const losses: Scalar[] = [];
    for (let epoch = 0; epoch < epochs; epoch++)
      for (let first = 0; first < data.n; first += batch) {
        const rows = this.#order.subarray(epoch * data.n + first, epoch * data.n + Math.min(first + batch, data.n));
        losses.push(this.#step(optimizer, rows));
      }
    // Reading the last loss waits for the engine.
    const values = losses.map((loss) => -(loss.dataSync()[0] as number));
    const seconds = (performance.now() - start) / 1000;
    tf.dispose(losses);
    optimizer.dispose();
    const steps = values.length / epochs;
    const mean = values.slice(0, steps).reduce((sum, value) => sum + value) / steps;
    return { seconds, answers: [[mean, Math.abs(mean)]] };
  }

  #step(optimizer: ReturnType<typeof tf.train.adam>, rows: Int32Array): Scalar {
    return tf.tidy(() => {
      const x = tf.gather(this.#x, tf.tensor1d(rows, 'int32'));
      return optimizer.minimize(() => tf.neg(mmdOva(x, this.#logits(x))), true) as Scalar;
    });
  }

  dispose(): void {
    tf.dispose([this.#x, ...this.#initial, ...this.#variables]);
  }
}

console.log(JSON.stringify({ [name]: tf.version_core }));
let training: Training | undefined;
for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line) as { prepare?: TrainingCommand };
  if (command.prepare) {
    training?.dispose();
    training = new Training(command.prepare);
  }
  console.log(JSON.stringify(command.prepare ? [name] : training?.run()));
}
