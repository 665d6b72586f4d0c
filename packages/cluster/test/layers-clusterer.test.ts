/** The clusterer of TensorFlow.js models, on the engine that is written in JavaScript. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Affinity, ari, gemini } from 'genmi';
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../src/base/random.js';
import { LayersClusterer, type LayersClustererModel, leNet5, type MakeLayers, smallResNet } from '../src/tfjs/index.js';
import { expectClose, rejectionOf, thrownBy } from './support/compare.js';

const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as typeof import('@tensorflow/tfjs');
tf.env().set('PROD', true);
await tf.setBackend('cpu');

/** Images of 8 x 8 whose upper half is bright, or the left one, or none, with noise. */
function images(n: number, seed = 1) {
  const random = new Random(seed);
  const classes = Int32Array.from({ length: n }, (_, i) => i % 3);
  const data = new Float32Array(64 * n);
  for (const [i, c] of classes.entries()) {
    for (let p = 0; p < 64; p++) {
      const bright = (c === 0 && p < 32) || (c === 1 && p % 8 < 4);
      data[64 * i + p] = (bright ? 1 : 0) + 0.1 * random.normal();
    }
  }
  return { x: { data, shape: [n, 64] as const }, classes };
}

/** A dense network over the numbers of an image. */
const dense: MakeLayers = ({ outputs, seed }) => {
  const units = (count: number, own: number, activation: 'relu' | 'linear') =>
    tf.layers.dense({ units: count, activation, kernelInitializer: tf.initializers.glorotUniform({ seed: own }) });
  const inputs = tf.input({ shape: [64] });
  return tf.model({
    inputs,
    outputs: units(outputs, seed + 1, 'linear').apply(units(16, seed, 'relu').apply(inputs)) as never,
  });
};

/** TensorFlow.js that calls back at each step of a training, with the number of steps so far. */
function countingSteps(onStep: (steps: number) => void): typeof tf {
  let steps = 0;
  const adam = (rate?: number) => {
    const optimizer = tf.train.adam(rate);
    const { minimize } = optimizer;
    optimizer.minimize = (...given) => {
      onStep(++steps);
      return minimize.apply(optimizer, given);
    };
    return optimizer;
  };
  return { ...tf, train: { ...tf.train, adam } as never };
}

describe('a checkpoint of a clusterer of layers', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'genmi-layers-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const dataOf = (n: number) => images(n).x;

  /** Keeps running means. */
  const normalized: MakeLayers = ({ outputs, seed }) => {
    const kernelInitializer = tf.initializers.glorotUniform({ seed });
    const [inner, last] = [16, outputs].map((units) => tf.layers.dense({ units, kernelInitializer }));
    const inputs = tf.input({ shape: [64] });
    const scaled = tf.layers.batchNormalization().apply(inner?.apply(inputs) as never);
    return tf.model({ inputs, outputs: last?.apply(scaled) as never });
  };

  // Two restarts, with three steps an epoch. A state of Adam that is set is rounded: some dozen steps show it.
  it.each<[string, MakeLayers, number, { epochs: number; batchSize: number }, number]>([
    ['within a restart', dense, 90, { epochs: 16, batchSize: 40 }, 26],
    ['at the end of a restart', dense, 90, { epochs: 3, batchSize: 40 }, 7],
    ['at the beginning of the next one', dense, 90, { epochs: 3, batchSize: 40 }, 11],
    ['at the end of all', dense, 90, { epochs: 3, batchSize: 40 }, 18],
    ['of layers with a state', normalized, 90, { epochs: 3, batchSize: 40 }, 5],
  ])('is gone on from to the same bits: %s', async (name, make, n, sizes, last) => {
    const [x, checkpoint] = [dataOf(n), path.join(folder, `${name}.json`)];
    const options = { ...sizes, restarts: 2, learningRate: 0.01, seed: 3 };
    const before = tf.memory().numTensors;
    const stop = new AbortController();
    const counting = countingSteps((steps) => steps === last && stop.abort());
    const stopped = await new LayersClusterer(counting, make, options).fit(x, { checkpoint, stop: stop.signal });
    let steps = 0;
    const going = countingSteps((count) => {
      steps = count;
    });
    const resumed = await new LayersClusterer(going, make, options).fit(x, { checkpoint, resume: true });
    const whole = await new LayersClusterer(tf, make, options).fit(x);
    const each = Math.ceil(n / sizes.batchSize); // steps of an epoch, which a stop does not cut
    expect(steps, 'steps after the checkpoint').toBe(each * (2 * sizes.epochs - Math.ceil(last / each)));
    const numbersOf = ({ layers: _, ...others }: LayersClustererModel) => others;
    expect(numbersOf(resumed.save())).toEqual(numbersOf(whole.save()));
    for (const clusterer of [stopped, resumed, whole]) clusterer.dispose();
    expect(tf.memory().numTensors, 'tensors that were left').toBe(before);
  });

  it('is of one fit: other data, options or layers are refused', async () => {
    const [x, checkpoint] = [dataOf(30), path.join(folder, 'own.json')];
    const options = { epochs: 1, seed: 1 };
    (await new LayersClusterer(tf, dense, options).fit(x, { checkpoint })).dispose();
    expect(JSON.parse(readFileSync(checkpoint, 'utf8'))).toMatchObject({ format: 'genmi-cluster checkpoint' });
    const before = tf.memory().numTensors;
    const wider: MakeLayers = ({ outputs }) =>
      tf.sequential({
        layers: [tf.layers.dense({ units: 17, inputShape: [64] }), tf.layers.dense({ units: outputs })],
      });
    const resume = (make: MakeLayers, other: object, data = x) =>
      rejectionOf(() => new LayersClusterer(tf, make, other).fit(data, { checkpoint, resume: true }));
    const foreign = { code: 'ERR_FORMAT', message: expect.stringMatching(/a checkpoint of this fit/) };
    expect(await resume(dense, { ...options, seed: 2 })).toMatchObject(foreign);
    expect(await resume(dense, options, dataOf(33))).toMatchObject(foreign);
    expect(await resume(wider, options)).toMatchObject(foreign);
    const without = () => new LayersClusterer(tf, dense).fit(x, { resume: true });
    expect(await rejectionOf(without)).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    const nowhere = path.join(folder, 'nowhere', 'fit.json');
    const writing = () => new LayersClusterer(tf, dense, options).fit(x, { checkpoint: nowhere });
    expect(await rejectionOf(writing)).toMatchObject({ code: 'ERR_FILE' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a clusterer of layers', () => {
  const { x, classes } = images(90);

  it('finds clusters, predicts its labels, and can be saved', async () => {
    const before = tf.memory().numTensors;
    const options = {
      objective: 'mmd_ova',
      kernel: 'linear',
      epochs: 20,
      batchSize: 40,
      learningRate: 0.01,
      seed: 3,
    } as const;
    const clusterer = await new LayersClusterer(tf, dense, { ...options, restarts: 2 }).fit(x);
    expect(clusterer.predict(x)).toEqual(clusterer.labels);
    expect(ari(classes, clusterer.labels)).toBe(1);
    expect(clusterer.history.length).toBe(20);
    expect(clusterer.history.at(-1)).toBeGreaterThan(clusterer.history[0] as number);
    const saved = JSON.parse(JSON.stringify(clusterer.save())) as LayersClustererModel;
    const loaded = await LayersClusterer.load(tf, dense, saved);
    expect(loaded.predictProba(x)).toEqual(clusterer.predictProba(x));
    expect(JSON.parse(JSON.stringify(loaded.save()))).toEqual(saved);
    expect(loaded.score(x)).toBe(clusterer.score(x));
    const again = await new LayersClusterer(tf, dense, { ...options, restarts: 2 }).fit(x);
    expect(again.save().weights).toEqual(clusterer.save().weights);
    for (const each of [clusterer, loaded, again]) each.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes the gradient of genmi: one step is that of a loop of one's own", async () => {
    const affinity = Affinity.kernel(x, { kernel: 'linear' });
    const options = { epochs: 1, learningRate: 0.01, seed: 5 } as const;
    let begun: Float32Array[] = [];
    const make: MakeLayers = (shape) => {
      const model = dense(shape);
      begun = model.getWeights().map((weight) => weight.dataSync<'float32'>().slice());
      return model;
    };
    const clusterer = await new LayersClusterer(tf, make, options).fit(x, { affinity });
    // Adam's first step is the learning rate along the sign of each gradient, except where that is nearly 0.
    const after = clusterer.model.getWeights().map((weight) => weight.dataSync<'float32'>());
    clusterer.model.setWeights(
      begun.map((data, w) => tf.tensor(data, after[w] ? clusterer.model.getWeights()[w]?.shape : [])),
    );
    const logits = clusterer.predictProba(x);
    const { gradient } = gemini('mmd_ova', { affinity }).valueAndGrad(logits);
    const bias = [0, 0, 0];
    const p = logits.data;
    for (let i = 0; i < 90; i++) {
      const mean = [0, 1, 2].reduce(
        (sum, c) => sum + (p[3 * i + c] as number) * (gradient.data[3 * i + c] as number),
        0,
      );
      for (let c = 0; c < 3; c++)
        bias[c] = (bias[c] as number) + (p[3 * i + c] as number) * ((gradient.data[3 * i + c] as number) - mean);
    }
    const moved = Array.from(after[3] ?? [], (value, c) => value - (begun[3]?.[c] as number));
    expectClose(
      moved,
      bias.map((g) => 0.01 * Math.sign(g)),
      1e-3,
    );
    clusterer.dispose();
  });

  it.each([
    ['LeNet-5', leNet5],
    ['a small residual network', smallResNet],
  ] as const)('trains %s on images', async (_, make) => {
    const { x: few } = images(9);
    const model = make(tf, { height: 8, width: 8 });
    const clusterer = await new LayersClusterer(tf, model, { epochs: 2, learningRate: 0.01, seed: 2 }).fit(few);
    expect(clusterer.predict(few)).toEqual(clusterer.labels);
    expect(clusterer.history.at(-1)).toBeGreaterThan(clusterer.history[0] as number);
    const saved = JSON.parse(JSON.stringify(clusterer.save())) as LayersClustererModel;
    const loaded = await LayersClusterer.load(tf, model, saved);
    expect(loaded.predictProba(few)).toEqual(clusterer.predictProba(few));
    clusterer.dispose();
    loaded.dispose();
  });

  it('has the shapes of LeNet-5', () => {
    const model = leNet5(tf, { height: 28, width: 28 })({ outputs: 10, seed: 0 });
    const shapes = model.getWeights().map(({ shape }) => shape.join('x'));
    // Of the specification: 1 - 6 - 16 - 120 filters of 5 x 5, 120 - 84 - 10 units.
    expect(shapes).toEqual(['5x5x1x6', '6', '5x5x6x16', '16', '5x5x16x120', '120', '120x84', '84', '84x10', '10']);
    model.dispose();
  });

  it('can be aborted, or stopped with the result so far, and frees its tensors', async () => {
    const before = tf.memory().numTensors;
    const reason = new Error('enough');
    const long = () => new LayersClusterer(tf, dense, { epochs: 100_000 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    expect(await rejectionOf(() => long().fit(x, { signal: controller.signal }))).toBe(reason);
    expect(tf.memory().numTensors).toBe(before);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const shares: number[] = [];
    const clusterer = await long().fit(x, { stop: stop.signal, onProgress: (done) => shares.push(done) });
    expect(clusterer.predict(x)).toEqual(clusterer.labels);
    expect(shares.at(-1)).toBe(1);
    await clusterer.fit(x, { stop: AbortSignal.abort() });
    expect(clusterer.history.length).toBe(1);
    clusterer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what does not fit', async () => {
    const wide: MakeLayers = () => dense({ outputs: 4, seed: 0 });
    const fit = (make: MakeLayers, data = x, options = {}) =>
      rejectionOf(() => new LayersClusterer(tf, make, options).fit(data));
    const before = tf.memory().numTensors;
    expect(await fit(wide)).toMatchObject({
      message: expect.stringMatching(/^make\(\): expected a model of 3 outputs, received 4/),
    });
    expect(await fit((() => 3) as never)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(await fit(leNet5(tf, { height: 9, width: 8 }))).toMatchObject({
      message: expect.stringMatching(/^x: expected 72 columns, the numbers of a sample of 9 x 8 x 1, received 64/),
    });
    expect(await fit(dense, x, { learningRate: 1e38, epochs: 3 })).toMatchObject({ code: 'ERR_NOT_FINITE' });
    expect(tf.memory().numTensors).toBe(before);
    expect(thrownBy(() => new LayersClusterer({} as never, dense))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(thrownBy(() => new LayersClusterer(tf, 3 as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(thrownBy(() => new LayersClusterer(tf, dense, { epochs: 0 }))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(thrownBy(() => new LayersClusterer(tf, dense).labels)).toMatchObject({
      message: expect.stringMatching(/call fit first/),
    });
  });
});
