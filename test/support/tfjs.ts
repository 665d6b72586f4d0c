/** The tests of `genmi/tfjs` for every engine of TensorFlow.js. Each engine runs them in a process of its own. */
import type * as tfjs from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  Affinity,
  add,
  deepInfoMax,
  type EvaluateOptions,
  entropy,
  iic,
  kl,
  type Matrix,
  type MatrixLike,
  mmd,
  type Objective,
  pairConstraints,
  scale,
  wasserstein,
} from '../../src/index.js';
import { geminiLoss, type LossOptions, pairLoss, rowIndices } from '../../src/tfjs/index.js';
import { expectClose, expectNumber } from './compare.js';
import { expectError, thrownBy } from './errors.js';
import { toFloat32, withoutRowConstants } from './matrices.js';
import { allObjectives } from './objectives.js';
import { gaussian, permutation, random, softmax } from './random.js';

export type TensorFlow = typeof tfjs;

const next = random(99);
const n = 12;
const k = 3;
const x = gaussian(next, n, 2);
const kernel = Affinity.kernel(x, { kernel: 'rbf' });
const distance = Affinity.distance(x, { metric: 'euclidean' });
const logits = toFloat32(gaussian(next, n, k));
const tau = toFloat32(softmax(logits));
const objective = add(
  mmd({ mode: 'ovo', affinity: kernel }),
  wasserstein({ mode: 'ova', affinity: distance }),
  scale(entropy({ of: 'proportions' }), 0.5),
);
const fromLogits = { from: 'logits' } as const;

const type = 'ERR_INVALID_ARG_TYPE';
const range = 'ERR_OUT_OF_RANGE';

/** Passes all calls on to an objective, and records them. */
function recording(of: Objective) {
  const calls: { predictions: Float32Array; rows: number[] | undefined; gradient: boolean }[] = [];
  const record = (predictions: MatrixLike, options: EvaluateOptions | undefined, gradient: boolean) => {
    const { data } = predictions as Matrix;
    calls.push({ predictions: Float32Array.from(data), rows: options?.rows && Array.from(options.rows), gradient });
  };
  const recorder: Objective = {
    name: of.name,
    mode: of.mode,
    value: (predictions, options) => {
      record(predictions, options, false);
      return of.value(predictions, options);
    },
    valueAndGrad: (predictions, options) => {
      record(predictions, options, true);
      return of.valueAndGrad(predictions, options);
    },
    valueAsync: (...args) => of.valueAsync(...args),
    valueAndGradAsync: (...args) => of.valueAndGradAsync(...args),
    estimate: (...args) => of.estimate(...args),
  };
  return { calls, recorder };
}

/** The engine under test: one in each process. */
let tf: TensorFlow;

const tensor = ({ data, shape }: Matrix) => tf.tensor2d(data as Float32Array, shape as [number, number]);
const number = (scalar: tfjs.Tensor) => scalar.dataSync()[0] as number;

export function describeEngine(backend: string, load: () => Promise<TensorFlow>) {
  beforeAll(async () => {
    tf = await load();
  });

  it('is the engine in use', () => expect(tf.getBackend()).toBe(backend));

  describe('the loss', describeLoss);
  describe('the gradient', describeGradient);
  describe('without a gradient', describeValue);
  describe('training', describeTraining);
  describe('model.fit', describeFit);
  describe('rowIndices', describeRowIndices);
  describe('pairLoss', describePairs);
  describe('wrong input', describeWrongInput);
}

function describeLoss() {
  it('is the negated objective, whatever it is', () => {
    for (const each of allObjectives(kernel, distance)) {
      const ofLogits = number(geminiLoss(tf, each, fromLogits)(tensor(logits)));
      expectNumber(ofLogits, -each.value(logits, fromLogits), 1e-6, each.name);
      const ofProbabilities = number(geminiLoss(tf, each)(tensor(tau)));
      expectNumber(ofProbabilities, -each.value(tau), 1e-6, each.name);
    }
  });

  it('passes clip and epsilon on', () => {
    const hard = toFloat32({
      data: Float64Array.from({ length: n * k }, (_, at) => Number(at % k === 1)),
      shape: [n, k],
    });
    const options: LossOptions = { clip: 'mask', epsilon: 1e-3 };
    const { value, gradient } = objective.valueAndGrad(hard, options);
    const { value: loss, grad } = tf.valueAndGrad(
      geminiLoss(tf, objective, options) as (t: tfjs.Tensor) => tfjs.Scalar,
    )(tensor(hard));
    expectNumber(number(loss), -value, 1e-6);
    expect(Math.max(...grad.dataSync().map(Math.abs))).toBe(0);
    expect(Math.max(...Array.from(gradient.data, Math.abs))).toBe(0);
  });

  it('takes rows as an array, an Int32Array or a tensor', () => {
    const rows = [7, 2, 9, 0];
    const batch = toFloat32(gaussian(next, 4, k));
    const expected = -objective.value(batch, { ...fromLogits, rows });
    const loss = geminiLoss(tf, objective, fromLogits);
    const ways = [rows, Int32Array.from(rows), tf.tensor1d(rows, 'int32'), tf.tensor1d(rows)];
    for (const way of ways) {
      expectNumber(number(loss(tensor(batch), way)), expected, 1e-6);
      const { value } = tf.valueAndGrad((t: tfjs.Tensor) => loss(t as tfjs.Tensor2D, way))(tensor(batch));
      expectNumber(number(value), expected, 1e-6);
    }
  });

  it('leaves its input as it is', () => {
    const input = tensor(logits);
    tf.grad(geminiLoss(tf, objective, fromLogits) as (t: tfjs.Tensor) => tfjs.Scalar)(input);
    expect(Float32Array.from(input.dataSync())).toEqual(logits.data);
  });
}

function describeGradient() {
  const gradientOf = (f: (t: tfjs.Tensor2D) => tfjs.Tensor, at: Matrix) =>
    Float64Array.from(
      tf
        .grad(f as (t: tfjs.Tensor) => tfjs.Tensor)(tensor(at))
        .dataSync(),
    );

  it('is that of valueAndGrad, negated, whatever the objective', () => {
    for (const each of allObjectives(kernel, distance)) {
      const expected = each.valueAndGrad(logits, fromLogits).gradient.data.map((g) => -g);
      expectClose(gradientOf(geminiLoss(tf, each, fromLogits), logits), expected, 1e-6, each.name);
      const ofProbabilities = each.valueAndGrad(tau).gradient.data.map((g) => -g);
      expectClose(gradientOf(geminiLoss(tf, each), tau), ofProbabilities, 1e-6, each.name);
    }
  });

  // The loss has 7 digits, so steps are large; Wasserstein has kinks, so they are not too large.
  it.each([
    ['a smooth objective', add(mmd({ mode: 'ovo', affinity: kernel }), kl({ mode: 'ova' })), 3e-3, 2e-3],
    ['Wasserstein', wasserstein({ mode: 'ova', affinity: distance }), 3e-4, 1e-2],
  ] as const)('equals central differences of the loss: %s', (_, of, step, tolerance) => {
    for (const options of [fromLogits, {}] as LossOptions[]) {
      const at = options.from === 'logits' ? logits : tau;
      const loss = geminiLoss(tf, of, options);
      const differences = Float64Array.from(at.data, (entry, i) => {
        const points = [entry + step, entry - step].map(Math.fround) as [number, number];
        const [above, below] = points.map((point) => number(loss(tensor({ ...at, data: at.data.with(i, point) })))) as [
          number,
          number,
        ];
        return (above - below) / (points[0] - points[1]);
      });
      const gradient = { data: gradientOf(loss, at), shape: at.shape };
      const [actual, expected] =
        options.from === 'logits'
          ? [gradient.data, differences]
          : [withoutRowConstants(gradient, at), withoutRowConstants({ ...gradient, data: differences }, at)];
      expectClose(actual, expected, tolerance, options.from ?? 'probabilities');
    }
  });

  it('scales with the gradient from above, dy', () => {
    const loss = geminiLoss(tf, objective, fromLogits);
    const plain = gradientOf(loss, logits);
    const value = -objective.value(logits, fromLogits);
    expectClose(
      gradientOf((t) => tf.mul(loss(t), -2.5), logits),
      plain.map((g) => -2.5 * g),
      1e-6,
      'a factor',
    );
    expectClose(
      gradientOf((t) => tf.square(loss(t)), logits),
      plain.map((g) => 2 * value * g),
      1e-5,
      'a square',
    );
    expectClose(
      gradientOf((t) => tf.add(loss(t), loss(t)), logits),
      plain.map((g) => 2 * g),
      1e-6,
      'a sum of two',
    );
    const dy = tf.scalar(7);
    const [scaled] = tf.grads((t: tfjs.Tensor) => loss(t as tfjs.Tensor2D))([tensor(logits)], dy) as [tfjs.Tensor];
    expectClose(
      scaled.dataSync(),
      plain.map((g) => 7 * g),
      1e-6,
      'dy',
    );
  });

  it('goes on into the network below', () => {
    const weights = toFloat32(gaussian(next, 2, k));
    const features = tensor(toFloat32(x));
    const loss = geminiLoss(tf, objective, fromLogits);
    const expected = () => {
      // dL/dW = X' dL/dlogits
      const product = new Float64Array(n * k);
      for (let at = 0; at < n * k; at++) {
        const [i, j] = [Math.floor(at / k), at % k];
        product[at] =
          (x.data[2 * i] as number) * (weights.data[j] as number) +
          (x.data[2 * i + 1] as number) * (weights.data[k + j] as number);
      }
      const { gradient } = objective.valueAndGrad({ data: product, shape: [n, k] }, fromLogits);
      return Float64Array.from({ length: 2 * k }, (_, at) => {
        const [f, j] = [Math.floor(at / k), at % k];
        let sum = 0;
        for (let i = 0; i < n; i++) sum -= (x.data[2 * i + f] as number) * (gradient.data[i * k + j] as number);
        return sum;
      });
    };
    const actual = gradientOf((w) => loss(tf.matMul(features as tfjs.Tensor2D, w)), weights);
    expectClose(actual, expected(), 1e-5);
    const withProbabilities = geminiLoss(tf, objective);
    const throughSoftmax = gradientOf(
      (w) => withProbabilities(tf.softmax(tf.matMul(features as tfjs.Tensor2D, w)) as tfjs.Tensor2D),
      weights,
    );
    expectClose(throughSoftmax, expected(), 1e-4);
  });

  it('is unchanged after the next gradient is asked for', () => {
    const loss = geminiLoss(tf, objective, fromLogits) as (t: tfjs.Tensor) => tfjs.Scalar;
    const first = tf.grad(loss)(tensor(logits));
    const kept = Float32Array.from(first.dataSync());
    tf.grad(loss)(tensor(toFloat32(gaussian(next, n, k))));
    expect(Float32Array.from(first.dataSync())).toEqual(kept);
  });

  it('is that of an objective of others, negated', () => {
    const { recorder } = recording(objective);
    const loss = geminiLoss(tf, recorder, fromLogits);
    const { value, gradient } = objective.valueAndGrad(logits, fromLogits);
    expectNumber(number(loss(tensor(logits))), -value, 1e-6);
    expectClose(
      gradientOf(loss, logits),
      gradient.data.map((g) => -g),
      1e-6,
    );
  });

  it('is given anew to each who asks', () => {
    type Custom = (x: tfjs.Tensor) => { gradFunc: (dy: tfjs.Tensor) => tfjs.Tensor };
    const kept: Custom[] = [];
    const customGrad: typeof tf.customGrad = (custom) => {
      kept.push(custom as unknown as Custom);
      return tf.customGrad(custom);
    };
    const loss = geminiLoss({ ...tf, customGrad }, objective, fromLogits);
    const expected = gradientOf(loss, logits);
    const { gradFunc } = (kept[0] as Custom)(tensor(logits));
    const ask = (dy: number) => gradFunc(tf.scalar(dy)).dataSync() as Float32Array;
    const [first, second, twice] = [ask(1), ask(1), ask(2)];
    expectClose(first, expected, 1e-6);
    expect(second).toEqual(first);
    expect(second.buffer).not.toBe(first.buffer);
    expectClose(
      twice,
      expected.map((g) => 2 * g),
      1e-6,
    );
  });

  it('of second order throws, and is not 0', () => {
    const loss = geminiLoss(tf, objective, fromLogits) as (t: tfjs.Tensor) => tfjs.Scalar;
    const slope = tf.grad(loss);
    const error = thrownBy(() => tf.grad((t) => tf.sum(tf.square(slope(t))))(tensor(logits)));
    expectError(error, {
      code: 'ERR_UNSUPPORTED',
      argument: 'geminiLoss',
      expected: 'first-order',
      received: 'second-order',
    });
    // The engine is as good as before.
    expect(number(loss(tensor(logits)))).toBeLessThan(0);
  });
}

function describeValue() {
  it('only the value is computed', () => {
    const { calls, recorder } = recording(objective);
    const loss = geminiLoss(tf, recorder, fromLogits);
    loss(tensor(logits));
    tf.tidy(() => loss(tensor(logits)));
    expect(calls.map(({ gradient }) => gradient)).toEqual([false, false]);
    tf.grad(loss as (t: tfjs.Tensor) => tfjs.Scalar)(tensor(logits));
    expect(calls.map(({ gradient }) => gradient)).toEqual([false, false, true]);
  });

  it('the predictions are read once', () => {
    const input = tensor(logits);
    const read = vi.spyOn(input, 'dataSync');
    geminiLoss(tf, objective, fromLogits)(input);
    expect(read).toHaveBeenCalledTimes(1);
  });
}

function describeTraining() {
  it.each(['minimize', 'variableGrads'])('%s lowers the loss', (way) => {
    const variable = tf.variable(tensor(logits));
    const optimizer = tf.train.adam(0.05);
    const loss = geminiLoss(tf, objective, fromLogits);
    const history: number[] = [];
    for (let step = 0; step < 40; step++) {
      if (way === 'minimize') {
        const cost = optimizer.minimize(() => loss(variable as tfjs.Tensor2D), true) as tfjs.Scalar;
        history.push(number(cost));
      } else {
        const { value, grads } = tf.variableGrads(() => loss(variable as tfjs.Tensor2D));
        optimizer.applyGradients(grads as Parameters<typeof optimizer.applyGradients>[0]);
        history.push(number(value));
      }
    }
    expect(history.at(-1)).toBeLessThan((history[0] as number) - 0.2);
    expectNumber(history[0] as number, -objective.value(logits, fromLogits), 1e-6);
    expect(history.slice(1).filter((cost, at) => cost < (history[at] as number)).length).toBeGreaterThan(30);
    const reached = -objective.value({ data: variable.dataSync() as Float32Array, shape: [n, k] }, fromLogits);
    expect(reached).toBeLessThan(history.at(-1) as number);
    optimizer.dispose();
    variable.dispose();
  });

  it('keeps a constant number of tensors over 1,000 steps', () => {
    const variable = tf.variable(tensor(logits));
    const optimizer = tf.train.sgd(1e-3);
    const loss = geminiLoss(tf, objective, fromLogits);
    const rows = tf.tensor1d(
      Array.from({ length: n }, (_, i) => i),
      'int32',
    );
    const step = () => {
      optimizer.minimize(() => loss(variable as tfjs.Tensor2D, rows));
      tf.dispose(loss(variable as tfjs.Tensor2D));
      const { value, grads } = tf.variableGrads(() => tf.mul(loss(variable as tfjs.Tensor2D), 2));
      tf.dispose([value, ...Object.values(grads)]);
    };
    step();
    const before = tf.memory().numTensors;
    for (let at = 0; at < 1000; at++) step();
    expect(tf.memory().numTensors).toBe(before);
    loss(variable as tfjs.Tensor2D);
    expect(tf.memory().numTensors, 'one call leaves its scalar').toBe(before + 1);
  });

  it('keeps it when the objective throws', () => {
    const loss = geminiLoss(tf, objective, fromLogits);
    const variable = tf.variable(tensor(logits));
    const wrong = () => thrownBy(() => tf.variableGrads(() => loss(variable as tfjs.Tensor2D, [0, 1])));
    wrong();
    const before = tf.memory().numTensors;
    for (let at = 0; at < 20; at++) expect(wrong()).toMatchObject({ code: range });
    expect(tf.memory().numTensors).toBe(before);
    variable.dispose();
  });
}

function describeFit() {
  const samples = 30;
  const features = toFloat32(gaussian(random(5), samples, 4));
  const affinity = Affinity.kernel(features, { kernel: 'rbf', precision: 'float64' });
  const geometry = mmd({ mode: 'ova', affinity });

  function compiled(of: Objective, rate: number) {
    const model = tf.sequential();
    model.add(
      tf.layers.dense({ units: k, inputShape: [4], kernelInitializer: tf.initializers.randomNormal({ seed: 1 }) }),
    );
    const loss = geminiLoss(tf, of, fromLogits);
    model.compile({ optimizer: tf.train.sgd(rate), loss: loss.forFit });
    return model;
  }

  it.each([false, true])('carries the row indices into each batch, shuffle %s', async (shuffle) => {
    const { calls, recorder } = recording(geometry);
    const model = compiled(recorder, 0); // predictions stay what they are
    const input = tensor(features);
    const all = model.predict(input) as tfjs.Tensor;
    const predictions = Array.from(all.dataSync());
    await model.fit(input, rowIndices(tf, samples, k), { epochs: 3, batchSize: 8, shuffle, verbose: 0 });
    expect(calls).toHaveLength(3 * 4);
    for (const { rows, predictions: batch, gradient } of calls) {
      expect(gradient).toBe(true);
      const expected = (rows as number[]).flatMap((row) => predictions.slice(row * k, (row + 1) * k));
      expectClose(batch, expected, 1e-5, 'the predictions of these rows');
    }
    const epochs = [0, 1, 2].map((epoch) =>
      calls.slice(4 * epoch, 4 * epoch + 4).flatMap(({ rows }) => rows as number[]),
    );
    const inOrder = Array.from({ length: samples }, (_, i) => i);
    for (const epoch of epochs)
      expect(
        [...epoch].sort((a, b) => a - b),
        'each sample once',
      ).toEqual(inOrder);
    if (shuffle) expect(epochs[0]).not.toEqual(inOrder);
    else expect(epochs).toEqual([inOrder, inOrder, inOrder]);
  });

  it('trains, and evaluates', async () => {
    const model = compiled(geometry, 0.5);
    const input = tensor(features);
    const targets = rowIndices(tf, samples, k);
    const valueNow = () => {
      const predictions = model.predict(input) as tfjs.Tensor;
      return geometry.value({ data: predictions.dataSync() as Float32Array, shape: [samples, k] }, fromLogits);
    };
    const before = valueNow();
    const { history } = await model.fit(input, targets, { epochs: 20, batchSize: samples, verbose: 0 });
    expectNumber((history.loss as number[])[0] as number, -before, 1e-5, 'first loss');
    expect(valueNow()).toBeGreaterThan(before * 1.1);
    const evaluated = model.evaluate(input, targets, { batchSize: samples, verbose: 0 }) as tfjs.Scalar;
    expectNumber(number(evaluated), -valueNow(), 1e-5);
  });
}

function describeRowIndices() {
  it('counts in the first column', () => {
    const targets = rowIndices(tf, 4, 3);
    expect(targets.shape).toEqual([4, 3]);
    expect(Array.from(targets.dataSync())).toEqual([0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0]);
    expect(Array.from(rowIndices(tf, 3, 1).dataSync())).toEqual([0, 1, 2]);
  });

  it('reads back any order of them', () => {
    const order = permutation(next, n);
    const targets = tf.gather(rowIndices(tf, n, k), tf.tensor1d(order, 'int32'));
    const loss = geminiLoss(tf, objective, fromLogits).forFit(targets, tensor(logits));
    expectNumber(number(loss), -objective.value(logits, { ...fromLogits, rows: order }), 1e-6);
  });

  it.each([
    [0, 3, 'n', range],
    [3, 0, 'k', range],
    [1.5, 3, 'n', range],
    [2 ** 24 + 1, 3, 'n', range],
    ['4', 3, 'n', type],
  ])('refuses %s x %s', (rows, columns, argument, code) => {
    expectError(
      thrownBy(() => rowIndices(tf, rows as number, columns as number)),
      { code, argument, expected: 'an integer' },
    );
  });
}

function describeWrongInput() {
  // Calls of JavaScript users: the types would not let them pass.
  // biome-ignore lint/suspicious/noExplicitAny: that is the point
  type Loose = any;
  const make = geminiLoss as Loose;

  it('of rowIndices', () => {
    const error = { code: type, argument: 'tf', expected: 'a TensorFlow.js module' };
    expectError(
      thrownBy(() => rowIndices(undefined as Loose, 4, 2)),
      { ...error, received: 'undefined' },
    );
    expectError(
      thrownBy(() => (rowIndices as Loose)(4, 2)),
      { ...error, received: '4' },
    );
  });

  it('of geminiLoss', () => {
    expectError(
      thrownBy(() => make(undefined, objective)),
      { code: type, argument: 'tf', expected: 'TensorFlow.js', received: 'undefined' },
    );
    expectError(
      thrownBy(() => make({}, objective)),
      { code: type, argument: 'tf' },
    );
    expectError(
      thrownBy(() => make(tf, undefined)),
      { code: type, argument: 'objective', expected: 'an Objective', received: 'undefined' },
    );
    expectError(
      thrownBy(() => make(tf, objective, { rows: [1] })),
      { code: type, argument: 'options.rows', expected: 'from, clip, epsilon', received: "'rows'" },
    );
    expectError(
      thrownBy(() => make(tf, objective, 3)),
      { code: type, argument: 'options', expected: 'an object', received: '3' },
    );
  });

  it('of the loss', () => {
    const classes = Array.from({ length: n }, (_, i) => i % k);
    const loss = make(tf, objective, fromLogits);
    const good = tensor(logits);
    const cases: [() => unknown, Parameters<typeof expectError>[1]][] = [
      [() => loss(undefined), { code: type, argument: 'predictions', expected: 'a Tensor2D', received: 'undefined' }],
      [
        () => loss([[1, 2]]),
        { code: type, argument: 'predictions', expected: 'a Tensor2D', received: 'an array of length 1' },
      ],
      [
        () => loss(tf.tensor1d([1, 2])),
        { code: range, argument: 'predictions', expected: 'n x K', received: 'shape [2]' },
      ],
      [() => loss(tf.tensor3d([[[1, 2]]])), { code: range, argument: 'predictions', received: 'shape [1, 1, 2]' }],
      [
        () => loss(tf.tensor2d([[1, 2]], [1, 2], 'int32')),
        { code: type, argument: 'predictions', expected: "'float32'", received: "'int32'" },
      ],
      [
        () => loss(tf.tensor2d([[1, Number.NaN]]), [0]),
        { code: range, argument: 'predictions', expected: 'finite', received: 'at row 0, column 1' },
      ],
      [() => loss(tf.tensor2d([[1, 2]])), { code: range, argument: 'predictions', expected: '12 rows', received: '1' }],
      [() => loss(good, [0]), { code: range, argument: 'rows', expected: '12 indices', received: '1' }],
      [
        () => loss(good, new Int32Array(n).fill(n)),
        { code: range, argument: 'rows', expected: '[0, 12)', received: '12 at index 0' },
      ],
      [() => loss(good, 'all'), { code: type, argument: 'rows', expected: 'an Int32Array', received: "'all'" }],
      [() => loss(good, tf.fill([n], 0.5)), { code: range, argument: 'rows', expected: 'integer', received: '0.5' }],
      [
        () => loss.forFit(tf.fill([n, k], 0.5), good),
        {
          code: range,
          argument: 'yTrue',
          expected: 'row indices in its first column',
          received: '0.5 in row 0; rowIndices() makes such targets',
        },
      ],
      [
        () => loss.forFit(tf.tensor2d([[-1, 0, 0]]), good),
        { code: range, argument: 'yTrue', expected: 'first column, from 0 to 11', received: '-1 in row 0' },
      ],
      [
        () => loss.forFit(tf.add(rowIndices(tf, n, k), 1), good),
        { code: range, argument: 'yTrue', expected: 'from 0 to 11', received: '12 in row 11; rowIndices() makes' },
      ],
      [
        () => loss.forFit(tf.oneHot(tf.tensor1d(classes, 'int32'), k), good),
        {
          code: range,
          argument: 'yTrue',
          received: 'one-hot rows, which are classes; rowIndices() makes such targets; a loss',
        },
      ],
      [
        () => loss.forFit(tf.tensor2d([[0, 1, 0]]), tf.tensor2d([[1, 2, 3]])),
        { code: range, argument: 'yTrue', received: 'one-hot rows, which are classes' },
      ],
      [
        () => loss.forFit(tf.tensor2d(classes, [n, 1]), good),
        { code: range, argument: 'yTrue', received: 'only [0, 1, 2] in 12 rows, which are classes' },
      ],
      [
        () =>
          loss.forFit(
            tf.tensor2d([0, 0, 1], [3, 1]),
            tf.tensor2d([
              [1, 2],
              [3, 4],
              [5, 6],
            ]),
          ),
        { code: range, argument: 'yTrue', received: 'only [0, 1] in 3 rows' },
      ],
      [
        () => loss.forFit(undefined, good),
        {
          code: type,
          argument: 'yTrue',
          expected: 'a tensor',
          received: 'undefined; rowIndices() makes such targets',
        },
      ],
      [() => make(tf, objective, { from: 'logit' })(good), { code: range, argument: 'from', received: "'logit'" }],
    ];
    for (const [call, error] of cases) {
      expectError(thrownBy(call), error);
      expectError(
        thrownBy(() => tf.variableGrads(call as () => tfjs.Scalar, [tf.variable(good)])),
        error,
      );
    }
  });

  it('is not found in targets that may be row indices, nor in classes for an objective without rows', () => {
    const targets = (column: number[], others = 0) => tf.tensor2d(column.map((row) => [row, others, 0]));
    const some = (rows: number) => tf.slice(tensor(logits), [0, 0], [rows, k]);
    const { forFit } = make(tf, objective, fromLogits);
    for (const rows of [[1, 0], [0], [7, 7, 3, 7], [0, 1, 2], [0, 0, 1, 1, 2, 5]]) {
      const loss = forFit(targets(rows), some(rows.length));
      const data = logits.data.slice(0, rows.length * k);
      expectNumber(number(loss), -objective.value({ data, shape: [rows.length, k] }, { ...fromLogits, rows }), 1e-6);
    }
    // Other columns are the caller's.
    expect(number(forFit(targets([4, 5], 9), some(2)))).toBe(number(forFit(targets([4, 5]), some(2))));
    const withoutSamples = make(tf, kl({ mode: 'ova' }), fromLogits);
    const oneHot = tf.oneHot(tf.tensor1d([0, 1, 2, 0], 'int32'), k);
    expect(number(withoutSamples.forFit(oneHot, some(4)))).toBe(number(withoutSamples(some(4))));
  });

  it('is found in classes for pairs of samples, which need rows though they have no affinity', () => {
    const pairs = pairConstraints({ mustLink: [[7, 3]], cannotLink: [[3, 9]] });
    const { forFit } = make(tf, add(kl({ mode: 'ova' }), pairs), fromLogits);
    const some = tf.slice(tensor(logits), [0, 0], [3, k]);
    const rows = [9, 3, 7];
    const batch: Matrix = { data: logits.data.slice(0, 3 * k), shape: [3, k] };
    const value = kl({ mode: 'ova' }).value(batch, fromLogits) + pairs.value(batch, { ...fromLogits, rows });
    expectNumber(number(forFit(tf.tensor2d(rows, [3, 1]), some)), -value, 1e-6);
    expectError(
      thrownBy(() => forFit(tf.oneHot(tf.tensor1d([0, 1, 2], 'int32'), k), some)),
      { code: range, argument: 'yTrue', received: 'one-hot rows, which are classes' },
    );
  });

  it('of an objective without its affinity is thrown by the call', () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf' });
    const loss = geminiLoss(tf, kl({ mode: 'ova' }), fromLogits);
    const disposed = geminiLoss(tf, mmd({ mode: 'ova', affinity }), fromLogits);
    affinity.dispose();
    expectError(
      thrownBy(() => disposed(tensor(logits))),
      { code: 'ERR_DISPOSED', argument: 'affinity' },
    );
    expect(number(loss(tensor(logits)))).toBeLessThan(0);
  });
}

function describePairs() {
  const loss = iic({ lambda: 1.5 });
  const other = toFloat32(gaussian(next, n, k));
  const ofTensors = () => pairLoss(tf, loss, fromLogits);
  const asLoss =
    (factor = 1) =>
    (a: tfjs.Tensor, b: tfjs.Tensor) =>
      tf.mul(ofTensors()(a as tfjs.Tensor2D, b as tfjs.Tensor2D), factor) as tfjs.Scalar;
  const expected = loss.valueAndGrad(logits, other, fromLogits);

  it('has the value of the loss, and the gradients with respect to both views', () => {
    expectNumber(number(ofTensors()(tensor(logits), tensor(other))), expected.value, 1e-6);
    for (const factor of [1, -2]) {
      const { value, grads } = tf.valueAndGrads(asLoss(factor))([tensor(logits), tensor(other)]);
      expectNumber(number(value), factor * expected.value, 1e-6);
      for (const side of [0, 1] as const) {
        const { data, shape } = expected.gradients[side];
        expect(grads[side]?.shape).toEqual(shape);
        expectClose(
          grads[side]?.dataSync() ?? [],
          Array.from(data, (each) => factor * each),
          1e-6,
        );
      }
    }
  });

  it('refuses a value that float32 cannot hold', () => {
    const large = tensor(toFloat32({ data: new Float64Array(4).fill(10), shape: [2, 2] }));
    const error = /^a and b: expected a loss that is a finite float32 number, received .*e\+86; use smaller numbers$/;
    expect(() => pairLoss(tf, deepInfoMax({ measure: 'KL' }))(large, large)).toThrow(error);
  });

  it('takes one model for both views, and keeps no tensor', () => {
    const [x, y] = [tensor(logits), tensor(other)];
    const weights = tf.variable(tf.eye(k, k));
    const optimizer = tf.train.sgd(0.1);
    const step = () => optimizer.minimize(() => ofTensors()(tf.matMul(x, weights), tf.matMul(y, weights)));
    const before = number(ofTensors()(x, y));
    step();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 30; i++) step();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(number(tf.tidy(() => ofTensors()(tf.matMul(x, weights), tf.matMul(y, weights))))).toBeLessThan(before);
  });

  it('takes any PairLoss, and refuses others', () => {
    const proxy = { ...loss, valueAndGrad: loss.valueAndGrad.bind(loss), value: loss.value.bind(loss) };
    expectNumber(
      number(pairLoss(tf, proxy as typeof loss, fromLogits)(tensor(logits), tensor(other))),
      expected.value,
      1e-6,
    );
    const pair = (x: unknown, y: unknown) => thrownBy(() => ofTensors()(x as tfjs.Tensor2D, y as tfjs.Tensor2D));
    const [a, b] = [tensor(logits), tensor(other)];
    expectError(pair(a, logits), { code: type, argument: 'b', expected: 'a Tensor2D' });
    expectError(pair(tf.tensor1d([1, 2]), b), { code: range, argument: 'a', received: '[2]' });
    expectError(pair(a, tf.tensor2d([1, 2], [1, 2])), { code: range, argument: 'b', expected: '12 x 3' });
    expectError(
      thrownBy(() => pairLoss(tf, kl({ mode: 'ova' }).value as unknown as typeof loss)),
      { code: type, argument: 'loss', expected: 'a PairLoss' },
    );
  });

  it('refuses second-order gradients', () => {
    const y = tensor(other);
    const first = tf.grad((x) => ofTensors()(x as tfjs.Tensor2D, y));
    expectError(
      thrownBy(() => tf.grad((x) => first(x).sum())(tensor(logits))),
      { code: 'ERR_UNSUPPORTED', argument: 'pairLoss' },
    );
  });
}
