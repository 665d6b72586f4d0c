/** Affinities: their storage, accuracy, entries and options. */
import { describe, expect, it } from 'vitest';
import {
  Affinity,
  type HopOptions,
  type KernelOptions,
  kernels,
  type Matrix,
  metrics,
  mmd,
  wasserstein,
} from '../src/index.js';
import { native } from '../src/native.js';
import { difference, expectClose, expectNumber, largest } from './support/compare.js';
import { expectError, rejectionOf, thrownBy } from './support/errors.js';
import { asView, selectRows, submatrix, toFloat32, toFloat64 } from './support/matrices.js';
import { modes } from './support/objectives.js';
import { gaussian, probabilities, random } from './support/random.js';

const next = random(2024);
const n = 24;
const x = gaussian(next, n, 4);

// The chi2 kernels compare histograms.
const histograms: Matrix<Float64Array> = { data: Float64Array.from(x.data, Math.abs), shape: x.shape };
const featuresOf = (name: string) => (name.includes('chi2') ? histograms : x);

function shifted(matrix: Matrix, by: number): Matrix<Float64Array> {
  return { data: Float64Array.from(matrix.data, (entry) => entry + by), shape: matrix.shape };
}

describe('what an affinity tells of itself', () => {
  it('is its size, kind, memory, and whether it is a metric', () => {
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    expect(kernel).toMatchObject({ size: n, kind: 'kernel', metric: false, storage: 'dense', precision: 'float64' });
    expect(kernel.bytes).toBeGreaterThanOrEqual(8 * n * n);
    expect(kernel.bytes).toBeLessThan(9 * n * n + 1024);
    expect(kernel.graph).toBeUndefined();
    const isMetric = Object.fromEntries(metrics.map((metric) => [metric, Affinity.distance(x, { metric }).metric]));
    const no = { sqeuclidean: false, cosine: false, braycurtis: false };
    expect(isMetric).toEqual({ euclidean: true, manhattan: true, chebyshev: true, canberra: true, ...no });
    expect(Affinity.distance(x, { metric: 'euclidean' }).kind).toBe('distance');
    expect(String(kernel)).toMatch(/^Affinity\(kernel, 24 samples, dense float64, \d/);
  });

  it('is float32 for float32 features and float64 otherwise, unless it is asked for', () => {
    const precision = (matrix: Parameters<typeof Affinity.kernel>[0], options = {}) =>
      Affinity.kernel(matrix, { kernel: 'rbf', ...options }).precision;
    expect(precision(toFloat32(x))).toBe('float32');
    expect(precision(x)).toBe('float64');
    expect(precision([[1], [2]])).toBe('float64');
    expect(precision(toFloat32(x), { precision: 'float64' })).toBe('float64');
    expect(precision(x, { precision: 'float32' })).toBe('float32');
    const stored = (matrix: Matrix, options = {}) => Affinity.precomputed(matrix, 'distance', options).precision;
    const distances = Affinity.distance(x, { metric: 'euclidean' }).toMatrix();
    expect(stored(distances)).toBe('float64');
    expect(stored(toFloat32(distances))).toBe('float32');
    expect(stored(distances, { precision: 'float32' })).toBe('float32');
    const halved = Affinity.kernel(x, { kernel: 'rbf', precision: 'float32' }).bytes;
    expect(halved).toBeLessThan(0.7 * Affinity.kernel(x, { kernel: 'rbf' }).bytes);
  });
});

describe("storage 'auto'", () => {
  const tall = gaussian(next, 200, 5);

  it('keeps the features of a linear kernel with many more samples than features', () => {
    const linear = Affinity.kernel(tall, { kernel: 'linear' });
    expect(linear.storage).toBe('features');
    expect(linear.bytes).toBeLessThan(200 * 200 * 8);
    expect(Affinity.kernel(gaussian(next, 9, 5), { kernel: 'linear' }).storage).toBe('dense');
  });

  it('is dense for others, until that is large', () => {
    expect(Affinity.kernel(tall, { kernel: 'rbf' }).storage).toBe('dense');
    expect(Affinity.distance(tall, { metric: 'euclidean' }).storage).toBe('dense');
    // 8 N^2 bytes beyond the limit of 1 GB.
    const many: Matrix = { data: new Float32Array(12000), shape: [12000, 1] };
    expect(Affinity.kernel(many, { kernel: 'rbf', precision: 'float64' }).storage).toBe('features');
  });

  it('gives way to what is asked for', () => {
    for (const storage of ['dense', 'features'] as const) {
      expect(Affinity.kernel(tall, { kernel: 'linear', storage }).storage).toBe(storage);
      expect(Affinity.distance(tall, { metric: 'euclidean', storage }).storage).toBe(storage);
    }
  });
});

describe('bytes', () => {
  const [n, d] = [90, 12];
  const data = Uint8Array.from({ length: n * d }, (_, at) => (at * at * 7 + at) % 256);
  const coded = { data, shape: [n, d] as const, scale: 1 / 127.5, offset: -1 };
  const numbers = { data: Float64Array.from(data, (byte) => (1 / 127.5) * byte - 1), shape: [n, d] as const };
  const rows = Int32Array.from({ length: 40 }, (_, i) => (i * 37) % n);
  const predictions = probabilities(next, 40, 4);

  it('of a linear kernel stay bytes', () => {
    const kernel = Affinity.kernel(coded, { kernel: 'linear' });
    expect(kernel).toMatchObject({ size: n, storage: 'features', precision: 'float32' });
    expect(kernel.bytes).toBe(n * d + 8 * n + 4 * d);
    const expected = Affinity.kernel(numbers, { kernel: 'linear', storage: 'dense' });
    expectClose(kernel.toMatrix().data, Float32Array.from(expected.toMatrix().data), 1e-7);
    expectClose(kernel.rows(rows).data, Float32Array.from(expected.rows(rows).data), 1e-7);
    for (const mode of modes) {
      const [own, other] = [kernel, expected].map((affinity) =>
        mmd({ mode, affinity }).valueAndGrad(predictions, { rows }),
      );
      expectNumber(own?.value as number, other?.value as number, 1e-5);
      expectClose((own as { gradient: Matrix }).gradient.data, (other as { gradient: Matrix }).gradient.data, 1e-5);
    }
    expect(Affinity.kernel({ ...coded, offset: 300 }, { kernel: 'linear' }).rows([0]).data[0]).toBeCloseTo(
      Float64Array.from(data.subarray(0, d), (byte) => (byte / 127.5 + 300) ** 2).reduce((sum, each) => sum + each),
      0,
    );
  });

  it('of other affinities are the numbers that they stand for', async () => {
    const single = toFloat32(numbers);
    for (const kernel of kernels.filter((name) => !name.includes('chi2'))) {
      const make = (x: typeof coded | Matrix) => Affinity.kernel(x, { kernel, storage: 'dense', precision: 'float32' });
      expect(make(coded).toMatrix()).toEqual(make(single).toMatrix());
    }
    for (const metric of metrics) {
      const make = (x: typeof coded | Matrix) => Affinity.distance(x, { metric, precision: 'float64' });
      expect(make(coded).toMatrix()).toEqual(make(numbers).toMatrix());
    }
    expect(Affinity.kernel({ data, shape: [n, d] }, { kernel: 'chi2' }).toMatrix()).toEqual(
      Affinity.kernel({ data: Float32Array.from(data), shape: [n, d] }, { kernel: 'chi2' }).toMatrix(),
    );
    expect(Affinity.hops(coded, { quantile: 0.2 }).toMatrix()).toEqual(
      Affinity.hops(single, { quantile: 0.2 }).toMatrix(),
    );
    expect((await Affinity.hopsAsync(coded, { neighbors: 4 })).toMatrix()).toEqual(
      Affinity.hops(single, { neighbors: 4 }).toMatrix(),
    );
  });

  it('are copied, whatever memory they lie in', async () => {
    const expected = Affinity.kernel(coded, { kernel: 'linear' }).toMatrix();
    const shared = new Uint8Array(new SharedArrayBuffer(data.length + 5), 5);
    const longer = Buffer.alloc(data.length + 9);
    for (const memory of [data.slice(), longer.subarray(3, data.length + 3), shared]) {
      memory.set(data);
      const now = Affinity.kernel({ ...coded, data: memory }, { kernel: 'linear' });
      const later = Affinity.kernelAsync({ ...coded, data: memory }, { kernel: 'linear' });
      memory.fill(9);
      expect(now.toMatrix()).toEqual(expected);
      expect((await later).toMatrix()).toEqual(expected);
    }
  });

  it('that are wrong are refused', () => {
    const make = (x: object) => () => Affinity.kernel(x as typeof coded, { kernel: 'linear' });
    const argument = 'x.data';
    const expected = `${n * d} bytes for a ${n} x ${d} matrix`;
    expectError(thrownBy(make({ ...coded, data: data.subarray(1) })), { code: 'ERR_OUT_OF_RANGE', argument, expected });
    expectError(thrownBy(make({ ...coded, scale: Number.NaN })), { code: 'ERR_OUT_OF_RANGE', argument: 'x.scale' });
    expectError(thrownBy(make({ ...coded, offset: '1' })), { code: 'ERR_INVALID_ARG_TYPE', argument: 'x.offset' });
    expectError(thrownBy(make({ ...coded, scale: 1e300 })), {
      code: 'ERR_OUT_OF_RANGE',
      argument: 'x',
      expected: 'finite',
    });
    expectError(thrownBy(make({ ...coded, scale: 1e19 })), {
      code: 'ERR_OUT_OF_RANGE',
      argument: 'x',
      expected: 'finite',
    });
  });
});

describe('kernels and metrics', () => {
  it.each([
    ['kernel', kernels],
    ['distance', metrics],
  ] as const)('are those of the native core: %s', (kind, names) => {
    const measure = { kind, name: 'none', storage: 'dense', precision: 'float64' } as const;
    const message = String(thrownBy(() => native.measure(Float64Array.of(1), 1, 1, measure)));
    const known = /expected one of (.*), received/.exec(message)?.[1]?.split(', ');
    expect(known?.toSorted()).toEqual(names.map((name) => `'${name}'`).toSorted());
  });
});

describe('toMatrix and rows', () => {
  type Make = (matrix: Matrix, storage: 'dense' | 'features') => Affinity;
  const measures: [string, Matrix<Float64Array>, Make][] = [
    ...kernels.map((kernel): [string, Matrix<Float64Array>, Make] => [
      kernel,
      featuresOf(kernel),
      (matrix, storage) => Affinity.kernel(matrix, { kernel, storage }),
    ]),
    ...metrics.map((metric): [string, Matrix<Float64Array>, Make] => [
      metric,
      featuresOf(metric),
      (matrix, storage) => Affinity.distance(matrix, { metric, storage }),
    ]),
  ];

  it.each(measures)('%s: dense and features agree, and rows are the rows', (_, features, make) => {
    const dense = make(features, 'dense').toMatrix();
    expect(dense.shape).toEqual([n, n]);
    expect(dense.data).toBeInstanceOf(Float64Array);
    const rows = [3, 3, 20, 0, 7];
    for (const storage of ['dense', 'features'] as const) {
      const affinity = make(features, storage);
      expectClose(affinity.toMatrix().data, dense.data, 1e-14, storage);
      const expected = submatrix(affinity.toMatrix(), rows);
      for (const indices of [rows, Int32Array.from(rows), Int32Array.from([99, ...rows, -1]).subarray(1, 6)]) {
        const some = affinity.rows(indices);
        expect(some.shape).toEqual([5, 5]);
        expectClose(some.data, expected.data, 1e-15);
      }
    }
  });

  it.each(measures)('%s: reads views, and leaves its input as it is', (_, features, make) => {
    const expected = make(features, 'dense').toMatrix();
    const view = asView(features);
    const before = Float64Array.from(view.data);
    expect(view.data.byteOffset).toBeGreaterThan(0);
    const affinity = make(view, 'features');
    expectClose(affinity.toMatrix().data, expected.data, 1e-14);
    expect(view.data).toEqual(before);
    view.data.fill(0);
    expectClose(affinity.toMatrix().data, expected.data, 1e-14, 'a copy of its own');
    expectClose(
      make(asView(toFloat32(features)), 'dense').toMatrix().data,
      make(toFloat32(features), 'dense').toMatrix().data,
      1e-15,
    );
  });

  it('come in the precision of the storage', () => {
    const single = Affinity.distance(toFloat32(x), { metric: 'euclidean' });
    expect(single.toMatrix().data).toBeInstanceOf(Float32Array);
    expect(single.rows([1, 2]).data).toBeInstanceOf(Float32Array);
    expect(single.rows([]).shape).toEqual([0, 0]);
  });

  it('refuse what does not fit, with its size', () => {
    const many: Matrix = { data: new Float32Array(1_000_000), shape: [1_000_000, 1] };
    const affinity = Affinity.kernel(many, { kernel: 'linear' });
    const error = thrownBy(() => affinity.toMatrix());
    expectError(error, { code: 'ERR_OUT_OF_MEMORY', argument: 'A 1000000 x 1000000 matrix', received: '12.0 TB' });
    const dense = thrownBy(() => Affinity.kernel(many, { kernel: 'rbf', storage: 'dense' }));
    expectError(dense, {
      code: 'ERR_OUT_OF_MEMORY',
      argument: 'A dense 1000000 x 1000000 affinity',
      received: '4.00 TB',
    });
    expect((dense as Error).message).toContain("storage: 'features'");
  });
});

describe('kernels with parameters', () => {
  const at = (options: KernelOptions, i = 0, j = 1) =>
    Affinity.kernel(
      [
        [1, 2],
        [4, 6],
      ],
      options,
    ).toMatrix().data[2 * i + j] as number;

  it('use them', () => {
    expectNumber(at({ kernel: 'rbf' }), Math.exp(-25 / 2), 1e-14);
    expectNumber(at({ kernel: 'rbf', gamma: 0.1 }), Math.exp(-2.5), 1e-14);
    expectNumber(at({ kernel: 'laplacian', gamma: 0.1 }), Math.exp(-0.7), 1e-14);
    expectNumber(at({ kernel: 'gaussian', gamma: 0.01 }), Math.exp(-0.25), 1e-14);
    expectNumber(at({ kernel: 'gaussian' }), Math.exp(-250), 1e-12);
    expectNumber(at({ kernel: 'polynomial', degree: 2, gamma: 0.5, coef0: 3 }), 121, 1e-14);
    expectNumber(at({ kernel: 'polynomial' }), 9 ** 3, 1e-14);
    expectNumber(at({ kernel: 'sigmoid', gamma: 0.1, coef0: -1 }), Math.tanh(0.6), 1e-14);
    expectNumber(at({ kernel: 'chi2' }), Math.exp(-(9 / 5 + 16 / 8)), 1e-14);
    expectNumber(at({ kernel: 'additive_chi2' }), -(9 / 5 + 16 / 8), 1e-14);
  });

  it("gamma 'median' is made of the median distance", () => {
    // Distances 1, 3, 4 of three points on a line: the median is 3.
    const points = [[0], [1], [4]];
    const rbf = Affinity.kernel(points, { kernel: 'rbf', gamma: 'median' }).toMatrix().data;
    expectNumber(rbf[1] as number, Math.exp(-1 / 18), 1e-14);
    const laplacian = Affinity.kernel(points, { kernel: 'laplacian', gamma: 'median' }).toMatrix().data;
    expectNumber(laplacian[2] as number, Math.exp(-4 / 3), 1e-14);
    const error = thrownBy(() => Affinity.kernel(points, { kernel: 'sigmoid', gamma: 'median' }));
    expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'gamma', received: "'median'" });
    const identical = thrownBy(() => Affinity.kernel([[1], [1]], { kernel: 'rbf', gamma: 'median' }));
    expectError(identical, { code: 'ERR_OUT_OF_RANGE', argument: 'gamma', received: 'identical' });
  });

  it('treat a zero row as scikit-learn does', () => {
    const features = [
      [0, 0],
      [1, 1],
      [0, 0],
    ];
    expect(Array.from(Affinity.kernel(features, { kernel: 'cosine' }).rows([0, 2]).data)).toEqual([0, 0, 0, 0]);
    const cosine = Affinity.distance(features, { metric: 'cosine' }).toMatrix().data;
    expect(Array.from(cosine)).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 0]);
    expect(Affinity.kernel(features, { kernel: 'chi2' }).toMatrix().data[2]).toBe(1);
  });
});

// All values by hand. test/native/pairwise_range_test.cpp has every measure over features of any magnitude.
describe('features of any size', () => {
  const column = (...values: number[]): Matrix<Float64Array> => ({
    data: Float64Array.from(values),
    shape: [values.length, 1],
  });
  const storages = ['dense', 'features'] as const;

  it.each(storages)('an outlier costs the others no digits, %s', (storage) => {
    for (const outlier of [1e20, 1e23, 1e37]) {
      const far = toFloat32(column(outlier, 0, 1));
      const distances = Affinity.distance(far, { metric: 'euclidean', storage });
      expect(distances.rows([1, 2]).data[1], `${outlier}`).toBe(1);
      expectNumber(distances.rows([0, 2]).data[1] as number, outlier, 1e-6);
      const rbf = Affinity.kernel(far, { kernel: 'rbf', gamma: 1, storage });
      expectNumber(rbf.rows([1, 2]).data[1] as number, Math.exp(-1), 1e-6);
    }
  });

  it.each(storages)('neither squares that vanish nor squares that overflow matter, %s', (storage) => {
    for (const size of [1e-300, 1e-170, 1e160, 1e300]) {
      const { data } = Affinity.distance(column(size, 0, 3 * size), { metric: 'euclidean', storage }).toMatrix();
      expectClose([data[1], data[2], data[5]] as number[], [size, 2 * size, 3 * size], 1e-15, `${size}`);
      const rbf = Affinity.kernel(column(size, 0, 2 * size), { kernel: 'rbf', gamma: 'median', storage });
      expectNumber(rbf.rows([0, 1]).data[1] as number, Math.exp(-1 / 2), 1e-14, `${size}`);
    }
  });

  it.each(storages)('entries that overflow are an error, %s', (storage) => {
    const far = toFloat32(column(1e20, 0, 1, 3));
    const refused = {
      code: 'ERR_OUT_OF_RANGE',
      argument: 'x',
      expected: "'sqeuclidean' is finite in float32",
    } as const;
    for (const make of [
      () => Affinity.distance(far, { metric: 'sqeuclidean', storage }),
      () => Affinity.hops(far, { metric: 'sqeuclidean', neighbors: 1 }),
    ])
      expectError(thrownBy(make), { ...refused, received: 'e+40 between samples 0 and 1' });
    // The remedy of the message.
    const exact = Affinity.distance(far, { metric: 'sqeuclidean', storage, precision: 'float64' });
    expect(exact.rows([1, 3]).data[1]).toBe(9);
    const hops = Affinity.hops(
      { data: Float64Array.from(far.data), shape: far.shape },
      { metric: 'sqeuclidean', neighbors: 1 },
    );
    expect(hops.rows([0, 3]).data[1]).toBe(3);
  });

  it.each(storages)('a fractional power of a negative number is an error that says so, %s', (storage) => {
    const fraction = (matrix: Matrix) =>
      Affinity.kernel(matrix, { kernel: 'polynomial', degree: 2.5, gamma: 1, storage });
    expectError(
      thrownBy(() => fraction(column(-2, 1))),
      { code: 'ERR_OUT_OF_RANGE', argument: 'degree', expected: 'an integer', received: 'coef0 = -1' },
    );
    expectNumber(fraction(column(3, 1)).rows([0, 1]).data[1] as number, 4 ** 2.5, 1e-15);
  });

  it.each(storages)('cosines stay between -1 and 1, %s', (storage) => {
    const d = 50;
    for (const matrix of [gaussian(next, 40, d), toFloat32(gaussian(next, 40, d))]) {
      const opposite = { data: matrix.data.slice(), shape: matrix.shape } as Matrix;
      for (let i = 1; i < 40; i += 2)
        for (let f = 0; f < d; f++) opposite.data[i * d + f] = -3 * (opposite.data[(i - 1) * d + f] as number);
      const { data } = Affinity.distance(opposite, { metric: 'cosine', storage }).toMatrix();
      const kernel = Affinity.kernel(opposite, { kernel: 'cosine', storage }).toMatrix().data;
      expect(Math.min(...data)).toBe(0);
      expect(Math.max(...data)).toBeLessThanOrEqual(2);
      expectNumber(Math.max(...data), 2, 1e-6);
      expect(Math.max(...kernel)).toBeLessThanOrEqual(1);
      expect(Math.min(...kernel)).toBeGreaterThanOrEqual(-1);
    }
  });

  it.each(['euclidean', 'sqeuclidean', 'manhattan', 'canberra', 'braycurtis'] as const)(
    '%s of many equal differences, in float32',
    (metric) => {
      const d = 1_000_000;
      const matrix: Matrix = { data: new Float32Array(2 * d).fill(0.1, 0, d).fill(0.4, d), shape: [2, d] };
      const difference = Math.fround(0.4) - Math.fround(0.1);
      const total = Math.fround(0.4) + Math.fround(0.1);
      const expected = {
        euclidean: difference * Math.sqrt(d),
        sqeuclidean: difference ** 2 * d,
        manhattan: difference * d,
        canberra: (difference / total) * d,
        braycurtis: difference / total,
      }[metric];
      expectNumber(Affinity.distance(matrix, { metric }).rows([0, 1]).data[1] as number, expected, 3e-6);
    },
  );

  it('canberra and braycurtis are those of scipy', () => {
    const features = [
      [1, -2, 0],
      [3, 1, 0],
      [0, 0, 0],
    ];
    const of = (metric: 'canberra' | 'braycurtis') =>
      Array.from(Affinity.distance(features, { metric }).toMatrix().data);
    expectClose(of('canberra'), [0, 1.5, 2, 1.5, 0, 2, 2, 2, 0], 1e-15);
    expectClose(of('braycurtis'), [0, 1, 1, 1, 0, 1, 1, 1, 0], 1e-15);
    for (const storage of storages) {
      const opposite = thrownBy(() => Affinity.distance([[1], [-1]], { metric: 'braycurtis', storage }));
      expectError(opposite, { code: 'ERR_OUT_OF_RANGE', argument: 'x', received: 'Infinity' });
    }
  });

  it('of a precomputed kernel in float32 an outlier costs the others no digits', () => {
    const data = new Float32Array(100).fill(2);
    data[0] = 1e20;
    const entries = Affinity.precomputed({ data, shape: [10, 10] }, 'kernel').toMatrix().data;
    expectClose(entries, data, 1e-6);
    expect(entries[99]).toBe(2);
  });
});

describe('data far from the origin', () => {
  const tau = probabilities(next, n, 3);
  const offset = 1e6;

  it.each(modes)('MMD with a linear kernel does not feel an offset of 1e6, %s', (mode) => {
    // The offset rounds the features; both sides see the same rounded ones.
    const far = shifted(x, offset);
    const near = shifted(far, -offset);
    for (const storage of ['dense', 'features'] as const) {
      const of = (matrix: Matrix) => mmd({ mode, affinity: Affinity.kernel(matrix, { kernel: 'linear', storage }) });
      const expected = of(near).valueAndGrad(tau);
      const actual = of(far).valueAndGrad(tau);
      expectNumber(actual.value, expected.value, 1e-9, storage);
      expectClose(actual.gradient.data, expected.gradient.data, 1e-9, storage);
    }
    const original = mmd({ mode, affinity: Affinity.kernel(x, { kernel: 'linear' }) }).value(tau);
    expectNumber(mmd({ mode, affinity: Affinity.kernel(far, { kernel: 'linear' }) }).value(tau), original, 1e-9);
  });

  // float32 at 1e6 has steps of 1/16: the reference sees the same numbers, in float64 and moved back (exactly).
  const coarse = gaussian(next, n, 4, 10);
  const single = toFloat32(shifted(coarse, offset));
  const reference = shifted(toFloat64(single), -offset);

  it('is not lost in float32', () => {
    expect(largest(reference.data)).toBeGreaterThan(10);
    expect(
      difference(
        single.data,
        coarse.data.map((entry) => entry + offset),
      ),
    ).toBeGreaterThan(0);
  });

  const measures: [string, KernelOptions][] = [
    ['linear', { kernel: 'linear' }],
    ['rbf', { kernel: 'rbf', gamma: 0.01 }],
    ['laplacian', { kernel: 'laplacian', gamma: 0.05 }],
  ];

  it.each(measures)('MMD with a %s kernel of float32 features at 1e6 is right to 1e-6', (_, options) => {
    for (const mode of modes) {
      const expected = mmd({ mode, affinity: Affinity.kernel(reference, options) }).valueAndGrad(tau);
      for (const storage of ['dense', 'features'] as const) {
        const affinity = Affinity.kernel(single, { ...options, storage });
        expect(affinity.precision).toBe('float32');
        const actual = mmd({ mode, affinity }).valueAndGrad(tau);
        expectNumber(actual.value, expected.value, 1e-6, `${mode} ${storage}`);
        expectClose(actual.gradient.data, expected.gradient.data, 1e-6, `${mode} ${storage}`);
      }
    }
  });

  it('MMD of a mini-batch of float32 features at 1e6 is right to 1e-6', () => {
    const rows = [22, 3, 4, 15, 9, 10];
    const batch = probabilities(next, rows.length, 3);
    for (const storage of ['dense', 'features'] as const) {
      const of = (matrix: Matrix) =>
        mmd({ mode: 'ova', affinity: Affinity.kernel(matrix, { kernel: 'linear', storage }) });
      const expected = of(reference).valueAndGrad(batch, { rows });
      const actual = of(single).valueAndGrad(batch, { rows });
      expectNumber(actual.value, expected.value, 1e-6, storage);
      expectClose(actual.gradient.data, expected.gradient.data, 1e-6, storage);
    }
  });

  it('Wasserstein of float32 features at 1e6 is right to 1e-6', () => {
    for (const metric of ['euclidean', 'manhattan', 'sqeuclidean', 'chebyshev'] as const) {
      const of = (matrix: Matrix, storage: 'dense' | 'features') =>
        wasserstein({ mode: 'ovo', affinity: Affinity.distance(matrix, { metric, storage }) });
      const expected = of(reference, 'dense').valueAndGrad(tau);
      for (const storage of ['dense', 'features'] as const) {
        const actual = of(single, storage).valueAndGrad(tau);
        expectNumber(actual.value, expected.value, 1e-6, `${metric} ${storage}`);
        expectClose(actual.gradient.data, expected.gradient.data, 1e-5, `${metric} ${storage}`);
      }
    }
  });
});

describe('precomputed', () => {
  const distances = Affinity.distance(x, { metric: 'euclidean' }).toMatrix();

  it('is the matrix, copied', () => {
    const mine = { data: Float64Array.from(distances.data), shape: distances.shape };
    const affinity = Affinity.precomputed(asView(mine), 'distance');
    expect(affinity).toMatchObject({ size: n, kind: 'distance', metric: false, storage: 'dense' });
    expect(affinity.toMatrix()).toEqual(distances);
    mine.data.fill(0);
    expect(affinity.toMatrix()).toEqual(distances);
    const nested = Affinity.precomputed(
      [
        [0, 2],
        [2, 0],
      ],
      'distance',
      { metric: true },
    );
    expect(nested.metric).toBe(true);
    expect(Array.from(nested.toMatrix().data)).toEqual([0, 2, 2, 0]);
  });

  it('takes the asymmetry of rounding, and symmetrises it', () => {
    const noisy = Float64Array.from(distances.data);
    noisy[1] = (noisy[1] as number) * (1 + 1e-9);
    noisy[0] = 1e-9;
    const { data } = Affinity.precomputed({ data: noisy, shape: [n, n] }, 'distance').toMatrix();
    expect(data[1]).toBe(data[n]);
    expect(data[0]).toBe(0);
    expectNumber(data[1] as number, ((noisy[1] as number) + (noisy[n] as number)) / 2, 1e-15);
  });

  // Entries of 1 - cos of equal directions, in float32 and in float64.
  it.each([
    ['float32', 1.2e-7],
    ['float64', 2.2e-16],
  ] as const)('takes the negative distances of rounding in %s, and makes them 0', (precision, rounding) => {
    const entries = [-rounding, -rounding, 1, -rounding / 2, rounding, 2, 1, 2, -rounding];
    const data = precision === 'float32' ? Float32Array.from(entries) : Float64Array.from(entries);
    for (const stored of ['float32', 'float64'] as const) {
      const affinity = Affinity.precomputed({ data, shape: [3, 3] }, 'distance', { precision: stored });
      expect(Array.from(affinity.toMatrix().data), stored).toEqual([0, 0, 1, 0, 0, 2, 1, 2, 0]);
    }
    const wrong = { data: data.map((entry) => (entry < 0 ? -0.01 : entry)), shape: [3, 3] as const };
    expectError(
      thrownBy(() => Affinity.precomputed(wrong, 'distance')),
      { code: 'ERR_OUT_OF_RANGE', argument: 'matrix', expected: '>= 0', received: 'at row 0, column 0' },
    );
  });

  it('takes kernels with negative entries and any diagonal', () => {
    const kernel = Affinity.precomputed(
      [
        [1, -2],
        [-2, 4],
      ],
      'kernel',
    );
    expect(Array.from(kernel.toMatrix().data)).toEqual([1, -2, -2, 4]);
  });
});

describe('hop distances', () => {
  // Two chains of 3 and of 12 points, far apart, in a plane.
  const chains = [...Array.from({ length: 3 }, (_, i) => [i, 0]), ...Array.from({ length: 12 }, (_, i) => [i, 100])];
  const size = chains.length;

  it('count edges, and tell of the graph', () => {
    const hops = Affinity.hops(chains, { threshold: 1.5 });
    expect(hops).toMatchObject({ size, kind: 'distance', metric: true, precision: 'float32' });
    expect(hops.graph).toEqual({ threshold: 1.5, edges: 2 + 11, longest: 11, connected: false });
    expect(hops.rows([0, 1, 2]).data).toEqual(Float32Array.of(0, 1, 2, 1, 0, 1, 2, 1, 0));
    expect(hops.rows([3, 14]).data[1]).toBe(11);
  });

  it.each<[HopOptions['disconnected'], number]>([
    [undefined, 2 * size],
    ['2n', 2 * size],
    ['n', size],
    [77, 77],
  ])('put what is disconnected (%s) at %d', (disconnected, expected) => {
    const options = disconnected === undefined ? {} : { disconnected };
    expect(Affinity.hops(chains, { threshold: 1.5, ...options }).rows([0, 3]).data[1]).toBe(expected);
  });

  it('are no metric when the disconnected are too close', () => {
    expect(Affinity.hops(chains, { threshold: 1.5, disconnected: size }).metric).toBe(true);
    expect(Affinity.hops(chains, { threshold: 1.5, disconnected: 3 }).metric).toBe(false);
  });

  it('do not connect at the threshold itself', () => {
    expect(Affinity.hops(chains, { threshold: 1.0001 }).graph?.edges).toBe(13);
    const error = thrownBy(() => Affinity.hops(chains, { threshold: 1 }));
    expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'threshold' });
  });

  it('of the 5 % quantile of fewer than 20 samples have no edge: an error that says so', () => {
    const error = thrownBy(() => Affinity.hops(gaussian(next, 19, 2)));
    expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'quantile' });
    expect(Affinity.hops(gaussian(next, 24, 2), { quantile: 0.1 }).graph?.edges).toBeGreaterThan(0);
  });

  it('connect nearest neighbours, either way', () => {
    // The last point is no other point's nearest neighbour, but has a nearest neighbour itself.
    const line = Affinity.hops([[0], [1], [2.5], [10]], { neighbors: 1 });
    expect(line.graph).toEqual({ threshold: 0, edges: 3, longest: 3, connected: true });
    expect(Array.from(line.toMatrix().data)).toEqual([0, 1, 2, 3, 1, 0, 1, 2, 2, 1, 0, 1, 3, 2, 1, 0]);
  });

  it('take two bytes a pair, also where several searches of 512 samples are needed', () => {
    const ring = Array.from({ length: 1030 }, (_, i) => [Math.cos((i * Math.PI) / 515), Math.sin((i * Math.PI) / 515)]);
    const hops = Affinity.hops(ring, { neighbors: 2 });
    expect(hops.graph).toEqual({ threshold: 0, edges: 1030, longest: 515, connected: true });
    expect(hops.bytes).toBeLessThan(2 * 1030 * (1030 + 64) + 1);
    expect(hops.storage).toBe('dense');
    const samples = [0, 1, 511, 512, 513, 1023, 1024, 1029];
    const around = (a: number, b: number) => Math.min(Math.abs(a - b), 1030 - Math.abs(a - b));
    const expected = samples.flatMap((a) => samples.map((b) => around(a, b)));
    expect(Array.from(hops.rows(samples).data)).toEqual(expected);
  });

  it('take any number of duplicates', () => {
    const duplicated = selectRows(gaussian(next, 4, 2), [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3]);
    const hops = Affinity.hops(duplicated, { threshold: 1e-9 });
    expect(hops.graph).toEqual({ threshold: 1e-9, edges: 6 + 3 + 3 + 1, longest: 1, connected: false });
    const kernel = Affinity.kernel(duplicated, { kernel: 'rbf' });
    expect(kernel.rows([0, 3]).data).toEqual(Float64Array.of(1, 1, 1, 1));
  });

  it('measure by other metrics, and from distances of any storage', () => {
    const options = { quantile: 0.15 };
    const manhattan = Affinity.hops(x, { ...options, metric: 'manhattan' }).toMatrix();
    expect(manhattan).not.toEqual(Affinity.hops(x, options).toMatrix());
    for (const storage of ['dense', 'features'] as const) {
      const distances = Affinity.distance(x, { metric: 'manhattan', storage });
      expect(Affinity.hops(distances, options).toMatrix()).toEqual(manhattan);
      expect(distances.toMatrix().shape, 'not disposed of').toEqual([n, n]);
    }
  });
});

describe('asynchronously', () => {
  it('the same affinities are made', async () => {
    const kernel = { kernel: 'rbf', gamma: 'median' } as const;
    expect((await Affinity.kernelAsync(x, kernel)).toMatrix()).toEqual(Affinity.kernel(x, kernel).toMatrix());
    const distance = { metric: 'chebyshev', precision: 'float32' } as const;
    const made = await Affinity.distanceAsync(asView(x), distance);
    expect(made.toMatrix()).toEqual(Affinity.distance(x, distance).toMatrix());
    const hops = await Affinity.hopsAsync(x, { quantile: 0.2 });
    const expected = Affinity.hops(x, { quantile: 0.2 });
    expect(hops.toMatrix()).toEqual(expected.toMatrix());
    expect(hops.graph).toEqual(expected.graph);
  });

  it('of data as it was at the call', async () => {
    const mine = { data: Float64Array.from(x.data), shape: x.shape };
    const promise = Affinity.kernelAsync(mine, { kernel: 'rbf' });
    mine.data.fill(Number.NaN);
    expect((await promise).toMatrix()).toEqual(Affinity.kernel(x, { kernel: 'rbf' }).toMatrix());
  });

  it('of distances that are disposed of meanwhile', async () => {
    const distances = Affinity.distance(x, { metric: 'euclidean' });
    const promise = Affinity.hopsAsync(distances, { quantile: 0.2 });
    distances.dispose();
    expect((await promise).toMatrix()).toEqual(Affinity.hops(x, { quantile: 0.2 }).toMatrix());
  });

  const large: Matrix = { data: Float64Array.from({ length: 3000 * 1500 }, next), shape: [3000, 1500] };

  const slow = { metric: 'manhattan', precision: 'float64', storage: 'dense' } as const;
  const wide: Matrix = { data: Float64Array.from({ length: 3000 * 5000 }, next), shape: [3000, 5000] };

  it('progress rises to 1, while the event loop is free', async () => {
    const seen: number[] = [];
    const affinity = await Affinity.distanceAsync(wide, { ...slow, onProgress: (done) => seen.push(done) });
    expect(affinity.size).toBe(3000);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.some((done) => done > 0 && done < 1)).toBe(true);
  });

  it('what onProgress throws stops the work and rejects', async () => {
    const reason = new Error('no more');
    const seen: number[] = [];
    const onProgress = (done: number) => {
      seen.push(done);
      throw reason;
    };
    expect(await rejectionOf(() => Affinity.distanceAsync(wide, { ...slow, onProgress }))).toBe(reason);
    expect(seen, 'asked once, before the end').toHaveLength(1);
    expect(seen[0]).toBeLessThan(1);
    const quick = { metric: 'manhattan', onProgress } as const;
    expect(await rejectionOf(() => Affinity.distanceAsync([[0], [1]], quick)), 'at the end').toBe(reason);
    expect(seen.at(-1)).toBe(1);
  });

  it.each<[string, (signal: AbortSignal) => Promise<Affinity>]>([
    ['kernelAsync', (signal) => Affinity.kernelAsync(large, { kernel: 'laplacian', storage: 'dense', signal })],
    ['distanceAsync', (signal) => Affinity.distanceAsync(large, { metric: 'manhattan', storage: 'dense', signal })],
    ['hopsAsync', (signal) => Affinity.hopsAsync(large, { metric: 'manhattan', signal })],
  ])('%s is aborted with the reason of the signal', async (_, start) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const rejected = rejectionOf(() => start(controller.signal));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const aborted = performance.now();
    controller.abort(reason);
    expect(await rejected).toBe(reason);
    expect(performance.now() - aborted).toBeLessThan(400);
    expect(await rejectionOf(() => start(AbortSignal.abort(reason)))).toBe(reason);
  });
});

describe('disposal', () => {
  it('frees once, and makes every use an error', () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf' });
    const objective = mmd({ mode: 'ova', affinity });
    const tau = probabilities(next, n, 3);
    expect(objective.value(tau)).toBeGreaterThan(0);
    affinity.dispose();
    affinity.dispose();
    for (const use of [() => affinity.toMatrix(), () => affinity.rows([0]), () => objective.value(tau)]) {
      expectError(thrownBy(use), { code: 'ERR_DISPOSED', argument: 'affinity', received: 'disposed' });
    }
    expect(affinity.size, 'what it was stays known').toBe(n);
  });

  it('comes with a block that uses it', () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf' });
    affinity[Symbol.dispose]();
    expect(thrownBy(() => affinity.toMatrix())).toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('leaves other affinities of the same objectives alone', () => {
    const [first, second] = [Affinity.kernel(x, { kernel: 'rbf' }), Affinity.kernel(x, { kernel: 'rbf' })];
    first.dispose();
    expect(mmd({ mode: 'ova', affinity: second }).value(probabilities(next, n, 3))).toBeGreaterThan(0);
  });
});
