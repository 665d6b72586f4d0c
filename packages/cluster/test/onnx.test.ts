/** ONNX files against the networks that they were written from, as onnxruntime computes them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { kl } from 'genmi';
import { adam, type DenseOptions, Network, train } from 'genmi/networks';
import { beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../../test/support/processes.js';
import { Random } from '../src/base/random.js';
import { toOnnx } from '../src/export/index.js';
import { thrownBy } from './support/compare.js';
import { temporaryFiles } from './support/files.js';

interface Tensor {
  readonly data: ArrayLike<number | bigint>;
  readonly dims: readonly number[];
}
interface Runtime {
  readonly InferenceSession: {
    create(model: Uint8Array): Promise<{ run(feeds: object): Promise<Record<string, Tensor>> }>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const write = temporaryFiles();
let runtime: Runtime;

/** What onnxruntime finds for samples of a model. */
async function predictions(model: Uint8Array, data: Float32Array, inputs: number) {
  const session = await runtime.InferenceSession.create(model);
  const features = new runtime.Tensor('float32', data, [data.length / inputs, inputs]);
  const { labels, probabilities } = await session.run({ features });
  return { labels: labels as Tensor, probabilities: probabilities as Tensor };
}

const normal = (count: number, seed: number) => {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};

/** A network after some steps, so that biases and statistics are no longer 0. */
async function trained(network: Network, seed: number): Promise<Network> {
  const data = { data: normal(64 * network.inputs, seed), shape: [64, network.inputs] as const };
  const optimizer = adam({ learningRate: 0.05 });
  await train(network, { data, objective: kl({ mode: 'ova' }), epochs: 3, batchSize: 16, optimizer, seed });
  return network;
}

const shape = { inputs: 5, outputs: 3, seed: 1 };
const layers: Record<string, DenseOptions['layers']> = {
  relu: [{ width: 8 }],
  'tanh and identity': [
    { width: 4, activation: 'tanh' },
    { width: 6, activation: 'identity' },
  ],
  'batch normalisation': [
    { width: 8, batchNormalization: true },
    { width: 4, activation: 'tanh', batchNormalization: true },
  ],
};
const networks: Record<string, () => Network> = {
  linear: () => Network.linear(shape),
  'one cluster': () => Network.linear({ ...shape, outputs: 1 }),
  float64: () => Network.dense({ ...shape, layers: [{ width: 8 }], precision: 'float64' }),
  LassoNet: () => Network.lassoNet({ ...shape, layers: [{ width: 8 }] }),
  kernel: () => Network.kernel({ samples: 5, outputs: 3, seed: 2 }),
  ...Object.fromEntries(
    Object.entries(layers).map(([name, each]) => [name, () => Network.dense({ ...shape, layers: each })]),
  ),
};

describe('toOnnx', () => {
  beforeAll(async () => {
    const { install } = await import(path.join(root, 'scripts/tools.mjs'));
    runtime = createRequire(path.join(await install('engines/others'), 'index.js'))('onnxruntime-node');
  }, 300_000);

  it.each(Object.keys(networks))('gives the predictions of a network: %s', async (name) => {
    const network = await trained((networks[name] as () => Network)(), 3);
    const data = normal(50 * network.inputs, 4);
    const x = { data, shape: [50, network.inputs] as const };
    const { labels, probabilities } = await predictions(toOnnx(network), data, network.inputs);
    expect(labels.dims).toEqual([50]);
    expect(Array.from(labels.data, Number)).toEqual([...network.predict(x)]);
    expect(probabilities.dims).toEqual([50, network.outputs]);
    const expected = network.predictProba(x).data;
    for (const [i, value] of expected.entries())
      expect(Math.abs(Number(probabilities.data[i]) - value)).toBeLessThan(1e-5);
  });

  it('has the scaling of features in it', async () => {
    const network = await trained(Network.linear(shape), 5);
    const scaling = Array.from({ length: 5 }, (_, j) => ({ centre: 10 * j - 20, spread: j + 0.5 }));
    const data = normal(250, 6);
    const raw = data.map((value, i) => value * (scaling[i % 5]?.spread ?? 0) + (scaling[i % 5]?.centre ?? 0));
    const { probabilities } = await predictions(toOnnx(network, { scaling }), raw, 5);
    const expected = network.predictProba({ data, shape: [50, 5] }).data;
    for (const [i, value] of expected.entries())
      expect(Math.abs(Number(probabilities.data[i]) - value)).toBeLessThan(1e-5);
  });

  it('takes the first of several likeliest clusters, as predict does', async () => {
    const network = Network.linear({ inputs: 2, outputs: 3 });
    network.load({
      'head.weights': { data: new Float32Array(6), shape: [2, 3] },
      'head.bias': { data: Float32Array.of(0, 1, 1), shape: [3] },
    });
    const { labels } = await predictions(toOnnx(network), new Float32Array(2), 2);
    expect(Array.from(labels.data, Number)).toEqual([1]);
    expect([...network.predict([[0, 0]])]).toEqual([1]);
  });

  it('writes the network of a run, for values as the table has them', async () => {
    const out = path.join(path.dirname(write('nothing', '')), 'run');
    const iris = fileURLToPath(new URL('fixtures/data/iris.csv', import.meta.url));
    const command = (...args: string[]) => execute(process.execPath, [main, ...args]);
    expect((await command('fit', iris, '--label', 'class', '--model', 'mlp', '--out', out)).code).toBe(0);
    const file = path.join(out, 'model.onnx');
    const exported = await command('export', out, '--onnx', file, '--json');
    const inputs = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];
    expect(JSON.parse(exported.stdout)).toEqual({ onnx: file, inputs, clusters: 3 });

    const lines = readFileSync(iris, 'utf8').trim().split('\n').slice(1);
    const data = Float32Array.from(lines.flatMap((line) => line.split(',', 4).map(Number)));
    const { labels, probabilities } = await predictions(readFileSync(file), data, 4);
    const found = readFileSync(path.join(out, 'labels.csv'), 'utf8').trim().split('\n').slice(1);
    expect(Array.from(labels.data, Number)).toEqual(found.map((line) => Number(line.split(',')[1])));
    for (const [i, line] of found.entries()) {
      const probability = Math.max(...[0, 1, 2].map((k) => Number(probabilities.data[3 * i + k])));
      expect(Math.abs(probability - Number(line.split(',')[2]))).toBeLessThan(1e-5);
    }

    await command('fit', iris, '--label', 'class', '--model', 'kmeans', '--out', out);
    const { code, stderr } = await command('export', out, '--onnx', 'never.onnx');
    expect(stderr).toMatch(
      /model\.json: expected a network of the features, received 'k-means'; fit with --model linear/,
    );
    expect(code).toBe(2);
  });

  it('refuses a table, other things, wrong scalings and numbers that float32 cannot hold', async () => {
    const table = Network.table({ samples: 3, outputs: 2 });
    expect(thrownBy(() => toOnnx(table))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringMatching(/table of logits/),
    });
    expect(thrownBy(() => toOnnx({} as Network))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/network/),
    });
    const network = Network.linear({ ...shape, precision: 'float64' });
    const scaling = [{ centre: 0, spread: 1 }];
    expect(thrownBy(() => toOnnx(network, { scaling }))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringMatching(/5 entries/),
    });
    network.load({ ...network.parameters(), 'head.bias': { data: Float64Array.of(0, 1e300, 0), shape: [3] } });
    expect(thrownBy(() => toOnnx(network))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringMatching(/head\.bias\[1\].*1e\+300/),
    });
  });
});
