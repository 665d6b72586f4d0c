/** Networks: predictions, parameters, and passes of a loop that JavaScript runs. */
import { describe, expect, it } from 'vitest';
import { kl, type Matrix } from '../../src/index.js';
import { type DenseOptions, Network, sgd } from '../../src/networks/index.js';
import { expectClose } from '../support/compare.js';
import { expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { gaussian, random, softmax } from '../support/random.js';

const next = random(7);
const x = gaussian(next, 30, 5);
const options: DenseOptions = {
  inputs: 5,
  layers: [
    { width: 7, activation: 'relu' },
    { width: 6, activation: 'tanh', batchNormalization: true },
  ],
  outputs: 3,
  precision: 'float64',
  seed: 3,
};
const networks: Record<string, () => Network> = {
  linear: () => Network.linear({ inputs: 5, outputs: 3, precision: 'float64' }),
  dense: () => Network.dense(options),
  'dense, He': () => Network.dense({ ...options, init: 'he', headScale: 0.1 }),
  lassoNet: () => Network.lassoNet({ ...options, layers: [{ width: 4 }] }),
};

type Numbers = ArrayLike<number>;
const activations = { relu: (z: number) => Math.max(0, z), tanh: Math.tanh, identity: (z: number) => z };

/** A product with weights, in plain JavaScript. */
function product({ data, shape }: Matrix, weights: Numbers, bias: Numbers, k: number): Matrix<Float64Array> {
  const [n, d] = shape;
  const out = Float64Array.from({ length: n * k }, (_, at) => {
    const [i, j] = [Math.floor(at / k), at % k];
    let sum = bias[j] as number;
    for (let f = 0; f < d; f++) sum += (data[i * d + f] as number) * (weights[f * k + j] as number);
    return sum;
  });
  return { data: out, shape: [n, k] };
}

describe.each(Object.entries(networks))('%s', (_, make) => {
  it('predicts the softmax of its logits, and the likeliest cluster', async () => {
    const network = make();
    const logits = network.logits(x);
    expect(logits.shape).toEqual([30, 3]);
    const tau = softmax(logits);
    expectClose(network.predictProba(x).data, tau.data, 1e-15);
    const labels = network.predict(x);
    for (const [i, label] of labels.entries())
      expect(label).toBe(
        [0, 1, 2].sort((a, b) => (tau.data[3 * i + b] as number) - (tau.data[3 * i + a] as number))[0],
      );
    expect(await network.predictAsync(x)).toEqual(labels);
    expect(await network.predictProbaAsync(x)).toEqual(network.predictProba(x));
    expect(await network.logitsAsync(x)).toEqual(logits);
  });

  it('takes the numbers of parameters() back, in any form', () => {
    const [one, other] = [make(), make()];
    const parameters = one.parameters();
    const changed = Object.fromEntries(
      Object.entries(parameters).map(([name, { data, shape }]) => [
        name,
        { data: Array.from(data, (w) => w + 1), shape },
      ]),
    );
    other.load(changed);
    expect(other.logits(x)).not.toEqual(one.logits(x));
    for (const [name, { data }] of Object.entries(other.parameters())) expect([...data]).toEqual(changed[name]?.data);
    other.load(parameters);
    expect(other.logits(x)).toEqual(one.logits(x));
    expect(other.parameters()).toEqual(parameters);
  });

  it('goes back as central differences do', () => {
    const network = make();
    const rate = gaussian(next, 30, 3);
    const value = () => {
      const logits = network.forward(x, { mode: 'frozen' });
      return Array.from(logits.data).reduce((sum, z, at) => sum + z * (rate.data[at] as number), 0);
    };
    value();
    const byInput = network.backward(rate, { input: true });
    const gradients = network.gradients();
    const parameters = network.parameters();
    const step = 1e-6;
    const difference = (set: (by: number) => void) => {
      set(step);
      const up = value();
      set(-step);
      const down = value();
      set(0);
      return (up - down) / (2 * step);
    };
    for (const [name, gradient] of Object.entries(gradients)) {
      const { data } = parameters[name] as { data: Float64Array };
      for (const at of [0, Math.floor(data.length / 2), data.length - 1]) {
        const moved = difference((by) => {
          const numbers = data.slice();
          numbers[at] = (numbers[at] as number) + by;
          network.load({ ...parameters, [name]: { data: numbers } });
        });
        expect(moved, `${name} ${at}`).toBeCloseTo(gradient.data[at] as number, 6);
      }
    }
    for (const at of [0, 77, 149]) {
      const before = x.data[at] as number;
      const moved = difference((by) => {
        x.data[at] = before + by;
      });
      expect(moved, `x ${at}`).toBeCloseTo(byInput.data[at] as number, 6);
    }
  });

  it('tells its size, and frees its memory', () => {
    const network = make();
    const numbers = Object.values(network.parameters()).reduce((sum, { data }) => sum + data.length, 0);
    expect(network.bytes).toBeGreaterThanOrEqual(8 * numbers);
    expect(`${network}`).toMatch(/^Network\(5 inputs, 3 outputs, float64, \d.* bytes|KB\)$/);
    network.dispose();
    network.dispose();
    expect(network.bytes).toBe(0);
    for (const call of [() => network.predict(x), () => network.parameters(), () => network.forward(x)])
      expectError(thrownBy(call), { code: 'ERR_DISPOSED', argument: 'network' });
  });
});

it('the layers of a dense network are products, normalised, with an activation', () => {
  const network = Network.dense(options);
  const of = (name: string) => (network.parameters()[name] as { data: Numbers }).data;
  expect(network.layers).toEqual([
    { width: 7, activation: 'relu', batchNormalization: false },
    { width: 6, activation: 'tanh', batchNormalization: true },
  ]);
  expect(Network.linear({ inputs: 2, outputs: 3 }).layers).toEqual([]);
  expect(Object.entries(network.parameters()).map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
    'hidden1.weights 5,7',
    'hidden1.bias 7',
    'hidden2.weights 7,6',
    'hidden2.bias 6',
    'hidden2.scale 6',
    'hidden2.shift 6',
    'head.weights 6,3',
    'head.bias 3',
    'hidden2.mean 6',
    'hidden2.variance 6',
  ]);
  const first = product(x, of('hidden1.weights'), of('hidden1.bias'), 7);
  const hidden: Matrix = { data: first.data.map(activations.relu), shape: [30, 7] };
  const second = product(hidden, of('hidden2.weights'), of('hidden2.bias'), 6);
  const normal: Matrix = { data: second.data.map((z) => Math.tanh(z / Math.sqrt(1 + 1e-5))), shape: [30, 6] };
  expectClose(network.logits(x).data, product(normal, of('head.weights'), of('head.bias'), 3).data, 1e-14);
});

it('bytes stand for scale * byte + offset', async () => {
  const bytes = Uint8Array.from({ length: 600 }, (_, i) => (i * i) % 256);
  const network = Network.dense(options);
  const given = { data: bytes, shape: [120, 5] as const, scale: 1 / 255, offset: -0.5 };
  const numbers = { data: Float64Array.from(bytes, (byte) => (1 / 255) * byte - 0.5), shape: [120, 5] as const };
  expect(network.logits(given)).toEqual(network.logits(numbers));
  expect(await network.logitsAsync(given)).toEqual(network.logits(numbers));
  expect(network.forward(given)).toEqual(network.forward(numbers));
  expect(network.predict({ data: bytes, shape: [120, 5] })).toHaveLength(120);
  expect(network.logits({ data: Buffer.from(bytes), shape: [120, 5], scale: 1 / 255, offset: -0.5 })).toEqual(
    network.logits(numbers),
  );
});

it('predictions do not depend on how many samples there are', () => {
  const network = Network.dense({ ...options, precision: 'float32' });
  const many = gaussian(next, 1500, 5);
  const all = network.logits(many);
  for (const i of [0, 511, 512, 1023, 1499]) {
    const one = { data: many.data.slice(5 * i, 5 * i + 5), shape: [1, 5] as const };
    expect(network.logits(one).data).toEqual(all.data.slice(3 * i, 3 * i + 3));
  }
  expect(network.logits({ data: new Float64Array(0), shape: [0, 5] }).data).toHaveLength(0);
});

it('the same seed gives the same network, in both precisions up to rounding', () => {
  const of = (precision: 'float32' | 'float64', seed = 3) =>
    Network.dense({ ...options, precision, seed }).parameters();
  expect(of('float64')).toEqual(of('float64'));
  expect(of('float64', 4)).not.toEqual(of('float64'));
  for (const [name, { data }] of Object.entries(of('float32')))
    expect(data).toEqual(Float32Array.from((of('float64')[name] as { data: Float64Array }).data));
});

describe('a loop that JavaScript runs', () => {
  const objective = kl({ mode: 'ova' });
  const gradientOf = (logits: Matrix) => objective.valueAndGrad(logits, { from: 'logits' }).gradient;

  it('makes the objective larger, and adds up gradients until a step', () => {
    const [once, twice] = [Network.dense(options), Network.dense(options)];
    const rule = sgd({ learningRate: 0.1, momentum: 0 });
    const before = objective.value(once.logits(x), { from: 'logits' });
    once.backward(gradientOf(once.forward(x)));
    rule.step(once, { learningRate: 0.2 });
    expect(objective.value(once.logits(x), { from: 'logits' })).toBeGreaterThan(before);
    const gradient = gradientOf(twice.forward(x, { mode: 'training' }));
    twice.backward(gradient);
    twice.backward(gradient);
    rule.step(twice);
    for (const [name, { data }] of Object.entries(twice.parameters()))
      expectClose(data, (once.parameters()[name] as { data: Numbers }).data, 1e-14, name, 1);
    for (const { data } of Object.values(twice.gradients())) expect(data.every((g) => g === 0)).toBe(true);
  });

  it('goes back to the samples alone where that is asked for', () => {
    const network = Network.dense(options);
    const gradient = gradientOf(network.forward(x));
    expect(network.backward(gradient, { input: true, parameters: false }).shape).toEqual([30, 5]);
    for (const { data } of Object.values(network.gradients())) expect(data.every((g) => g === 0)).toBe(true);
  });

  it('refuses to go back through a network that has changed', () => {
    const network = Network.dense(options);
    const gradient = gradientOf(network.forward(x));
    const changes = [() => network.load(network.parameters()), () => sgd().step(network)];
    for (const change of changes) {
      network.forward(x);
      change();
      const error = thrownBy(() => network.backward(gradient));
      expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'backward', received: 'none; call forward() first' });
    }
  });
});

it('a network whose predictions are being made refuses changes, and says so', async () => {
  const network = Network.dense({ ...options, layers: [{ width: 500 }] });
  const call = network.logitsAsync(gaussian(next, 20_000, 5));
  const parameters = network.parameters();
  for (const change of [() => network.load(parameters), () => network.dispose(), () => network.forward(x)]) {
    const error = thrownBy(change);
    expectError(error, { code: 'ERR_BUSY', argument: 'network', received: 'one whose predictions are being made' });
  }
  await call;
  network.load(parameters);
  expect(await rejectionOf(async () => network.dispose())).toBeUndefined();
});
