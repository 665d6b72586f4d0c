/** Inputs and endings that once crashed, hung, or gave a wrong answer in silence. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  add,
  emd,
  fDivergence,
  type KernelOptions,
  kl,
  mmd,
  type Objective,
  TransportSolver,
  wasserstein,
} from '../src/index.js';
import { thrownBy } from './support/errors.js';

const points = [
  [0, 0],
  [1, 0.5],
  [3, -1],
  [-2, 2],
  [-1, 4],
  [2, 2],
];
const tau = points.map((_, i) => [0.1 + 0.12 * i, 0.9 - 0.12 * i]);

const code = (call: () => unknown) => (thrownBy(call) as { code?: string } | undefined)?.code;

describe('entries that overflow are refused, before a solver meets them', () => {
  const scaled = (factor: number, type: Float32ArrayConstructor | Float64ArrayConstructor) => ({
    data: new type(points.flat().map((x) => x * factor)),
    shape: [6, 2] as const,
  });
  const distance: [string, () => Affinity][] = [
    ['squares in float64', () => Affinity.distance(scaled(1e200, Float64Array), { metric: 'sqeuclidean' })],
    ['squares in float32', () => Affinity.distance(scaled(1e20, Float32Array), { metric: 'sqeuclidean' })],
    ['features', () => Affinity.distance(scaled(1e200, Float64Array), { metric: 'sqeuclidean', storage: 'features' })],
    ['disconnected', () => Affinity.hops(points, { quantile: 0.5, disconnected: 1e39 })],
  ];
  it.each(distance)('%s', (_, make) => {
    expect(code(() => wasserstein({ mode: 'ovo', affinity: make() }).value(tau))).toBe('ERR_OUT_OF_RANGE');
    expect(code(() => new TransportSolver(make()))).toBe('ERR_OUT_OF_RANGE');
  });
  it('a kernel', () => {
    const kernel = () => Affinity.kernel(points, { kernel: 'polynomial', degree: 900, storage: 'features' });
    expect(() => mmd({ mode: 'ova', affinity: kernel() }).value(tau)).toThrow(
      /^x: expected features whose 'polynomial' is finite/,
    );
  });
  it('but a cosine does not depend on the scale', () => {
    const cosine = (factor: number) => Affinity.distance(scaled(factor, Float64Array), { metric: 'cosine' }).toMatrix();
    for (const factor of [2 ** 1020, 2 ** 600, 2 ** -600, 2 ** -1000]) expect(cosine(factor)).toEqual(cosine(1));
  });
  it('large precomputed entries are halved before they are added', () => {
    const matrix = [
      [0, 1.5e308],
      [1.5e308, 0],
    ];
    expect(Affinity.precomputed(matrix, 'distance').toMatrix().data).toEqual(Float64Array.from(matrix.flat()));
  });
});

it('gives a linear kernel in float32 its offsets back, also where the first is 0', () => {
  const x = { data: Float32Array.of(1, 3), shape: [2, 1] as const };
  expect([...Affinity.kernel(x, { kernel: 'linear', storage: 'dense' }).toMatrix().data]).toEqual([1, 3, 3, 9]);
});

it('keeps the digits of deviations in a kernel that is rounded to float32', () => {
  const x = Array.from({ length: 40 }, (_, i) => 1e4 + Math.sin(i));
  const gram = x.map((a) => x.map((b) => a * b));
  const predictions = x.map((_, i) => [0.5 + 0.4 * Math.cos(i), 0.5 - 0.4 * Math.cos(i)]);
  const value = (precision: 'float32' | 'float64') =>
    mmd({ mode: 'ova', affinity: Affinity.precomputed(gram, 'kernel', { precision }) }).value(predictions);
  expect(Math.abs(value('float32') / value('float64') - 1)).toBeLessThan(1e-5);
});

it('refuses to add objectives over different samples', () => {
  const kernel = Affinity.kernel(points.slice(1), { kernel: 'rbf' });
  const distance = Affinity.distance(points, { metric: 'euclidean' });
  const terms: [Objective, Objective] = [
    mmd({ mode: 'ova', affinity: kernel }),
    wasserstein({ mode: 'ova', affinity: distance }),
  ];
  expect(code(() => add(...terms))).toBe('ERR_OUT_OF_RANGE');
});

describe('estimate', () => {
  const affinity = Affinity.distance(points, { metric: 'euclidean' });
  const wide = points.map((_, i) => Array.from({ length: 20 }, (_, k) => 0.05 + 0.01 * Math.sin(i * k)));
  it('draws no random pairs', () => {
    const draw = (estimate: boolean) => {
      const objective = wasserstein({ mode: 'ovo', affinity, pairs: 2, seed: 5 });
      if (estimate) objective.estimate(6, 20);
      return [objective.value(wide), objective.value(wide)];
    };
    expect(draw(true)).toEqual(draw(false));
  });
  it('accepts pairs of clusters that its trial does not have', () => {
    const { seconds, bytes } = wasserstein({ mode: 'ovo', affinity, pairs: [[12, 15]] }).estimate(6, 20);
    expect(seconds).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(0);
  });
  it('counts the memory that a product with the kernel needs', () => {
    const [n, batch, k] = [600, 300, 4];
    const x = { data: Float32Array.from({ length: n * 2 }, (_, i) => Math.sin(i * i)), shape: [n, 2] as const };
    const bytes = (samples: number, options: KernelOptions) =>
      mmd({ mode: 'ova', affinity: Affinity.kernel(x, options) }).estimate(samples, k).bytes;
    const entries = 4 * batch ** 2;
    expect(bytes(batch, { kernel: 'rbf', storage: 'dense' })).toBeGreaterThan(entries);
    expect(bytes(batch, { kernel: 'rbf', storage: 'features' })).toBeGreaterThan(entries);
    expect(bytes(batch, { kernel: 'linear', storage: 'features' })).toBeLessThan(entries);
    expect(bytes(n, { kernel: 'rbf', storage: 'dense' })).toBeLessThan(entries);
  });
  it('refuses more samples than there are', () => {
    expect(() => wasserstein({ mode: 'ova', affinity }).estimate(7, 3)).toThrow(/^n: expected at most/);
  });
});

describe('shared memory is memory', () => {
  it('as predictions, rows and out', () => {
    const objective = wasserstein({ mode: 'ova', affinity: Affinity.distance(points, { metric: 'euclidean' }) });
    const data = new Float64Array(new SharedArrayBuffer(96));
    data.set(tau.flat());
    const rows = new Int32Array(new SharedArrayBuffer(24));
    rows.set([0, 1, 2, 3, 4, 5]);
    const out = new Float64Array(new SharedArrayBuffer(96));
    const { value } = objective.valueAndGrad({ data, shape: [6, 2] }, { rows, out });
    const expected = objective.valueAndGrad(tau);
    expect(value).toBe(expected.value);
    expect([...out]).toEqual([...expected.gradient.data]);
  });
});

it('refuses coefficients that a kernel does not have', () => {
  expect(() => Affinity.kernel(points, { kernel: 'linear', gamma: 7 })).toThrow(/^gamma: expected none for 'linear'/);
  expect(() => Affinity.kernel(points, { kernel: 'rbf', degree: 2 })).toThrow(/^degree/);
});

it('refuses widths below 0, and a metric for an affinity that has one', () => {
  expect(() => Affinity.kernel(points, { kernel: 'rbf', gamma: -1 })).toThrow(/^gamma: expected a number >= 0/);
  const distance = Affinity.distance(points, { metric: 'euclidean' });
  expect(() => Affinity.hops(distance, { metric: 'manhattan', threshold: 3 })).toThrow(/^metric: expected none/);
});

it("knows scikit-learn's other names", () => {
  const same = (a: Affinity, b: Affinity) => expect(a.toMatrix()).toEqual(b.toMatrix());
  same(Affinity.kernel(points, { kernel: 'poly' }), Affinity.kernel(points, { kernel: 'polynomial' }));
  same(Affinity.distance(points, { metric: 'l2' }), Affinity.distance(points, { metric: 'euclidean' }));
  for (const metric of ['l1', 'cityblock'] as const) {
    same(Affinity.distance(points, { metric }), Affinity.distance(points, { metric: 'manhattan' }));
  }
});

it('holds no bytes when disposed of', () => {
  const affinity = Affinity.distance(points, { metric: 'euclidean' });
  expect(affinity.bytes).toBeGreaterThan(0);
  affinity.dispose();
  expect(affinity.bytes).toBe(0);
});

it('draws the same pairs for calls that run at the same time as for the same calls one by one', async () => {
  const predictions = points.map((_, i) => Array.from({ length: 8 }, (_, k) => 0.1 + 0.05 * Math.sin(i * k + k)));
  const make = () =>
    wasserstein({ mode: 'ovo', affinity: Affinity.distance(points, { metric: 'euclidean' }), pairs: 2, seed: 4 });
  const [inTurn, atOnce] = [make(), make()];
  const expected = Array.from({ length: 40 }, () => inTurn.value(predictions));
  expect(await Promise.all(expected.map(() => atOnce.valueAsync(predictions)))).toEqual(expected);
  expect(new Set(expected).size).toBeGreaterThan(5);
});

it('rejects with a code where asynchronous options are missing or null', async () => {
  const none = null as unknown as Record<string, never>;
  const missing = undefined as unknown as { kernel: 'rbf'; metric: 'l1' };
  const rejected = { code: 'ERR_INVALID_ARG_TYPE' };
  await expect(fDivergence({ mode: 'ova', f: 'kl' }).valueAsync(tau, none)).rejects.toMatchObject(rejected);
  await expect(fDivergence({ mode: 'ova', f: 'kl' }).valueAndGradAsync(tau, none)).rejects.toMatchObject(rejected);
  await expect(Affinity.kernelAsync(points, missing)).rejects.toMatchObject(rejected);
  await expect(Affinity.distanceAsync(points, missing)).rejects.toMatchObject(rejected);
  await expect(Affinity.hopsAsync(points, none)).rejects.toMatchObject(rejected);
});

it('takes an undefined option as one that is not given', async () => {
  const maybe: AbortSignal | undefined = undefined;
  const options = { signal: maybe, rows: undefined, from: undefined };
  expect(await fDivergence({ mode: 'ova', f: 'kl' }).valueAsync(tau, options)).toBeGreaterThan(0);
});

it('counts rows also for objectives without an affinity', () => {
  expect(() => fDivergence({ mode: 'ova', f: 'js' }).value(tau, { rows: [1] })).toThrow(/^rows: expected 6/);
});

it('refuses a number as a signal', async () => {
  const options = { signal: 5 as unknown as AbortSignal };
  await expect(fDivergence({ mode: 'ova', f: 'kl' }).valueAsync(tau, options)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  });
});

it('solves a problem after one that failed', () => {
  expect(
    code(() =>
      emd(
        [1, Number.NaN],
        [1, 1],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    ),
  ).toBe('ERR_OUT_OF_RANGE');
  expect(
    emd(
      [1, 0],
      [0, 1],
      [
        [0, 1],
        [1, 0],
      ],
    ).cost,
  ).toBe(1);
});

// A worker that is ended in the middle of native work, synchronous or not, must leave the process alive.
describe('worker.terminate()', () => {
  const setUp = `
    const { Affinity, wasserstein } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
    const x = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
    const tau = x.map((_, i) => Array.from({ length: 10 }, (_, k) => 0.1 + 0.05 * Math.sin(i * k)));
    const objective = wasserstein({ mode: 'ovo', affinity: Affinity.distance(x, { metric: 'euclidean' }) });`;
  const work = {
    asynchronous: 'for (;;) await objective.valueAsync(tau);',
    synchronous: 'for (;;) objective.value(tau);',
    failing: 'for (;;) { try { objective.value([[1]]); } catch {} }',
  };
  it.each(Object.entries(work))('during %s work', (_, loop) => {
    const worker = `${setUp} require('node:worker_threads').parentPort.postMessage('ready'); ${loop}`;
    const main = `
      const { Worker } = require('node:worker_threads');
      const run = () => new Promise((done) => {
        const worker = new Worker(${JSON.stringify(`(async () => { ${worker} })()`)}, { eval: true });
        worker.once('message', () => setTimeout(() => worker.terminate().then(done), 30));
      });
      run().then(run).then(() => console.log('alive'));`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', main], { encoding: 'utf8', timeout: 30_000 });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: 'alive\n' });
  });
});

describe('GENMI_ISA', () => {
  const load = (isa: string) =>
    spawnSync(
      process.execPath,
      [
        '-e',
        `import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)})
          .then(({ info }) => console.log(info().isa), (error) => console.log(error.message, error.code))`,
      ],
      { encoding: 'utf8', timeout: 30_000, env: { ...process.env, GENMI_ISA: isa } },
    ).stdout;
  it('that the processor lacks is an error at loading, not ignored', () => {
    expect(load('avx999')).toMatch(/GENMI_ISA: .*received 'avx999'.*ERR_BACKEND_UNAVAILABLE/s);
  });
  it("is followed, or left to genmi by 'auto'", () => {
    expect(load('baseline')).toMatch(/^(baseline|neon)\n$/);
    expect(load('auto')).toMatch(/^\w+\n$/);
  });
});

describe('an evaluation into an array that the caller lent', () => {
  const objective = kl({ mode: 'ova' });
  const { value, gradient: expected } = objective.valueAndGrad(tau);
  const reason = new Error('enough');
  const zeros = new Float64Array(expected.data.length);

  /** Blocks this thread for 50 ms: the work, of microseconds, ends on its own thread; its promise is not settled. */
  async function outcome(abort: 'at once' | 'after its work' | 'as its work is settled' | 'never') {
    const out = new Float64Array(zeros.length);
    const controller = new AbortController();
    // Of two calls that end at the same time, the first aborts the second.
    const first = objective.valueAsync(tau);
    const result = objective.valueAndGradAsync(tau, { out, signal: controller.signal });
    if (abort === 'as its work is settled') first.then(() => controller.abort(reason));
    if (abort === 'at once') controller.abort(reason);
    const end = performance.now() + 50;
    while (performance.now() < end);
    expect(out, 'numbers written before the promise is settled').toEqual(zeros);
    if (abort === 'after its work') controller.abort(reason);
    return {
      ended: await result.then(
        (each) => each.value,
        (error: unknown) => error,
      ),
      out,
    };
  }

  it('writes its gradient', async () => {
    expect(expected.data.every((entry) => entry !== 0)).toBe(true);
    expect(await outcome('never')).toEqual({ ended: value, out: expected.data });
  });

  it.each(['at once', 'after its work'] as const)('aborted %s writes none', async (when) => {
    expect(await outcome(when)).toEqual({ ended: reason, out: zeros });
  });

  it('aborted as its work is settled either succeeds or writes none', async () => {
    const { ended, out } = await outcome('as its work is settled');
    expect(out).toEqual(ended === reason ? zeros : expected.data);
  });
});

it('says that a single sample has no neighbours', () => {
  expect(() => Affinity.hops([[1, 2]], { neighbors: 1 })).toThrow(/^x: expected at least two samples/);
});
