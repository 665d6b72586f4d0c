// Measures losses of genmi/tfjs against the same losses written in TensorFlow.js operations.

import { writeFileSync } from 'node:fs';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import { Command } from 'commander';
import { Affinity, gemini } from 'genmi';
import { geminiLoss } from 'genmi/tfjs';
import type { TensorFlow } from '../../support/engine.js';
import { createRandom } from '../../support/random.js';
import { positive, rowsOption, smokeOption } from '../arguments.js';
import { loadEngineOn } from '../engine.js';
import { describeMachine, machineLine } from '../machine.js';
import { normals } from '../random.js';
import { median, timed } from '../statistics.js';
import { tableHead, tableLine } from '../table.js';
import { type Figure, figureColumns } from './figure.js';
import { operationsLosses } from './losses.js';
import { type Row, rowName, rows } from './rows.js';

const THREADS = 2;
const FEATURES = 50;
const SEED = 5;
/**
 * Relative tolerances of values and gradients in float32. Products with a kernel lose digits to its mean. Gradients of total
 * variation are sums of signs, and rounding may flip some of them.
 */
const TOLERANCE = 1e-5;
const GRADIENT_TOLERANCE: Readonly<Record<string, number>> = { mmd: 1e-4, tv: 1e-2 };
/** Seconds of a row, and repetitions that are dropped: the first calls of an engine are slower than all others. */
const SECONDS = 2;
const DROPPED = 3;
/** Calls of one contestant in a row, as in training: the garbage of one is then not collected during calls of another. */
const CALLS = 5;
/** Sizes of a smoke test. */
const TINY = { n: 32, k: 4 };

type Loss = (logits: Tensor2D) => Scalar;
type Evaluated = { readonly value: number; readonly gradient: Float32Array };

const options = new Command('npm run bench:tfjs --')
  .description(
    'Losses of genmi/tfjs against the same losses in TensorFlow.js operations: value and gradient from logits.',
  )
  .addOption(rowsOption('tv_ovo-4000-50'))
  .option('--repeat <n>', 'the least repetitions for each median', positive, 5)
  .option('--calls <n>', 'calls of one contestant in a row; with 1 they are called in turn', positive, CALLS)
  .addOption(smokeOption())
  .option('--json <file>', 'also write the figures')
  .parse()
  .opts<{ rows: RegExp; repeat: number; calls: number; smoke?: boolean; json?: string }>();

const [seconds, repetitions] = options.smoke ? [0, 1] : [SECONDS, options.repeat];
const engine = await loadEngineOn(THREADS);
const machine = describeMachine({
  [engine.name]: engine.tf.version_core,
  threads: `${THREADS}`,
  'calls in a row': `${options.calls}`,
});
console.log(`${machineLine(machine)}\n\n${tableHead(figureColumns)}`);
const figures = rows
  .filter((row) => options.rows.test(rowName(row)))
  .map((row) => {
    const figure = measure(engine.tf, options.smoke ? { loss: row.loss, ...TINY } : row);
    console.log(tableLine(figureColumns, figure));
    return figure;
  });
if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...machine, figures }, undefined, 2)}\n`);

function measure(tf: TensorFlow, row: Row): Figure {
  const { loss, n, k, target } = row;
  const x = { data: Float32Array.from(normals(n * FEATURES, createRandom(SEED, 0))), shape: [n, FEATURES] as const };
  using affinity = loss.startsWith('mmd') ? Affinity.kernel(x, { kernel: 'rbf', storage: 'dense' }) : undefined;
  const logits = tf.tensor2d(Float32Array.from(normals(n * k, createRandom(SEED, k))), [n, k]);
  const kernel = affinity && tf.tensor2d(affinity.toMatrix().data as Float32Array, [n, n]);
  const ways = operationsLosses(tf, k)[loss];
  const [genmi, ...operations] = alternate(rowName(row), [
    () => evaluate(tf, geminiLoss(tf, gemini(loss, { affinity }), { from: 'logits' }), logits),
    ...ways.map((way) => () => evaluate(tf, (z) => way(z, kernel), logits)),
  ]);
  tf.dispose([logits, ...(kernel ? [kernel] : [])]);
  const name = rowName(row);
  return { name, operations: Math.min(...operations), genmi, ...(target !== undefined && { target }) };
}

/** Median seconds of each contestant; all must agree with the first. */
function alternate(name: string, contestants: readonly (() => Evaluated)[]): number[] {
  const times = contestants.map((): number[] => []);
  const begin = performance.now();
  for (let i = 0; i < DROPPED + repetitions || performance.now() - begin < 1000 * seconds; i++) {
    const results = contestants.map((contestant, c) => {
      const calls = Array.from({ length: options.calls }, () => timed(contestant));
      if (i >= DROPPED) times[c].push(...calls.map(([elapsed]) => elapsed));
      return calls[0][1];
    });
    for (const result of results.slice(1)) expectAgreement(name, results[0], result);
  }
  return times.map(median);
}

/** Reads value and gradient, so that the engine has computed them. They leave by a variable: `tidy` would search a result for tensors. */
function evaluate(tf: TensorFlow, loss: Loss, logits: Tensor2D): Evaluated {
  let result: Evaluated | undefined;
  tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((z: Tensor) => loss(z as Tensor2D))(logits);
    result = { gradient: grad.dataSync() as Float32Array, value: value.dataSync()[0] };
  });
  return result as unknown as Evaluated;
}

function expectAgreement(name: string, actual: Evaluated, expected: Evaluated): void {
  const difference = norm(actual.gradient.map((value, i) => value - expected.gradient[i]));
  const [family] = name.split('_');
  const wrong =
    Math.abs(actual.value - expected.value) > TOLERANCE * Math.abs(expected.value) ||
    difference > (GRADIENT_TOLERANCE[family] ?? TOLERANCE) * norm(expected.gradient);
  if (wrong)
    throw new Error(
      `${name}: genmi finds ${actual.value}, operations ${expected.value}; gradients ${difference} apart`,
    );
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
