/** Deformations towards a score: the specification's vector, the linear equation, and walks within a ball. */
import { describe, expect, it } from 'vitest';
import {
  acceptance,
  adef,
  affine,
  type FloatImages,
  type Score,
  type W2PerturbationOptions,
  w2Perturbation,
  warp,
  wasserstein2,
} from '../../src/perturbations/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { normal, random } from '../support/random.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

const next = random(31);

// Section 9 of iic_dim_perturbations.md.
const f = {
  data: Float32Array.of(0, 0.1, 0.3, 0.2, 0.2, 0.6, 0.8, 0.1, 0.1, 0.9, 0.4, 0.3, 0, 0.2, 0.5, 0.1),
  shape: [1, 4, 4] as const,
};
const g = [0.5, -0.2, 0.1, 0.3, -0.4, 0.7, -0.1, 0.2, 0.3, -0.6, 0.8, -0.3, 0.1, 0.2, -0.5, 0.4];
const scores = { values: [-0.75], gradient: { data: g } };
const axis = (field: Float32Array, which: 0 | 1) => field.filter((_, at) => at % 2 === which);

describe('adef', () => {
  it('is that of the vector, and so is the deformed image', () => {
    const { field, lengths } = adef(f, scores);
    expectNumber(lengths[0] as number, 0.643067123959, 1e-6);
    const right = [
      0.09186673199, -0.0551200392, 0.0091866732, -0.0551200392, -0.29397354238, 0.38584027438, 0.045933366,
      -0.25722684958,
    ];
    const down = [
      0.18373346399, -0.18373346399, 0.09186673199, -0.0551200392, -0.0367466928, 0.51445369917, -0.0091866732,
      0.0183734664,
    ];
    expectClose(axis(field.data, 1).subarray(0, 8), right, 1e-6, 'to the right');
    expectClose(axis(field.data, 0).subarray(0, 8), down, 1e-6, 'down');
    const deformed = [
      ...[
        0.0509970639, 0.0944879961, 0.3445083289, 0.2055120039, 0.1926506614, 0.6925562951, 0.7635064921, 0.2808977932,
      ],
      ...[0.4485579549, 0.635250971, 0.6406161201, 0.3, 0.009591769, 0.3887143423, 0.4737059049, 0.2340237046],
    ];
    expectClose(warp(f, field).data, deformed, 1e-6, 'the image');
  });

  it('is that of the vector with a filter', () => {
    const { field, lengths } = adef(f, scores, { sigma: 1 });
    expectNumber(lengths[0] as number, 1.01868806551, 1e-6);
    const at = (y: number, x: number) => [field.data[2 * (4 * y + x) + 1], field.data[2 * (4 * y + x)]] as number[];
    expectClose(at(1, 1), [-0.0056483351, 0.707639139], 1e-6);
    expectClose(at(2, 2), [-0.8246439484, -0.1411265877], 1e-6);
  });

  it.each([0, 0.8, 3])('solves the linear equation, sigma %d', (sigma) => {
    const [h, w, c] = [5, 7, 2];
    const images = { data: Float32Array.from({ length: 3 * h * w * c }, next), shape: [3, h, w, c] as const };
    const gradient = { data: Float64Array.from({ length: images.data.length }, () => normal(next)) };
    const { field } = adef(images, { values: [1, -2, 0.5], gradient }, { sigma });
    for (const [image, value] of [1, -2, 0.5].entries()) {
      // Along a small share t of the field, an image changes by t times its gradient along it, border included.
      let sum = value;
      const intensity = (y: number, x: number, k: number) => images.data[((image * h + y) * w + x) * c + k] as number;
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          for (let k = 0; k < c; k++) {
            const [up, below, left, right] = [
              Math.max(0, y - 1),
              Math.min(h - 1, y + 1),
              Math.max(0, x - 1),
              Math.min(w - 1, x + 1),
            ];
            const at = 2 * ((image * h + y) * w + x);
            const slope =
              ((intensity(below, x, k) - intensity(up, x, k)) / (below - up)) * (field.data[at] as number) +
              ((intensity(y, right, k) - intensity(y, left, k)) / (right - left)) * (field.data[at + 1] as number);
            sum += (gradient.data[((image * h + y) * w + x) * c + k] as number) * slope;
          }
      expect(Math.abs(sum)).toBeLessThan(2e-6);
    }
  });

  it('does not move images whose score no deformation changes', () => {
    const flat = { data: new Float32Array(16).fill(0.5), shape: [1, 4, 4] as const };
    for (const { field, lengths } of [
      adef(flat, scores),
      adef(f, { ...scores, gradient: { data: new Float64Array(16) } }),
    ]) {
      expect(field.data.every((each) => each === 0)).toBe(true);
      expect([...lengths]).toEqual([0]);
    }
  });

  it.each<[string, () => unknown, ExpectedError]>([
    [
      'one value too many',
      () => adef(f, { ...scores, values: [1, 2] }),
      { code: range, argument: 'scores.values', expected: '1 numbers', received: '2' },
    ],
    [
      'a value NaN',
      () => adef(f, { ...scores, values: [Number.NaN] }),
      { code: range, argument: 'scores.values[0]', received: 'NaN' },
    ],
    [
      'no gradient',
      () => adef(f, { values: [1] } as Loose),
      { code: type, argument: 'scores.gradient', received: 'undefined' },
    ],
    [
      'a short gradient',
      () => adef(f, { ...scores, gradient: { data: [1] } }),
      { code: range, argument: 'scores.gradient.data', expected: '16 numbers', received: '1' },
    ],
    [
      'a slope that is none',
      () => adef(f, { ...scores, gradient: { data: [...g.slice(1), '1'] as Loose } }),
      { code: type, argument: 'scores.gradient.data[15]', received: "'1'" },
    ],
    ['no scores', () => adef(f, null as Loose), { code: type, argument: 'scores', received: 'null' }],
    ['a negative sigma', () => adef(f, scores, { sigma: -1 }), { code: range, argument: 'sigma', received: '-1' }],
    ['another option', () => adef(f, scores, { smooth: 1 } as Loose), { code: type, argument: 'options.smooth' }],
  ])('refuses %s', (_, call, error) => expectError(thrownBy(call), error));
});

describe('warp', () => {
  const images = { data: Float32Array.from({ length: 24 }, (_, i) => i), shape: [2, 3, 4] as const };
  const field = (data: Float32Array, count = 2) => ({ data, shape: [count, 3, 4, 2] as const });

  it('moves by whole pixels exactly, and each copy by its own displacements', () => {
    const data = Float32Array.from({ length: 72 }, (_, at) =>
      at < 24 ? (at % 2 === 1 ? 1 : 0) : at < 48 ? 0 : at % 2 === 0 ? -1 : 0,
    );
    const options = { rows: [0, 1, 0], outside: -5 };
    const moved = warp(images, field(data, 3), options);
    const rows = (from: number, of: Float32Array) =>
      [0, 1, 2].map((y) => [...of.subarray(from + 4 * y, from + 4 * y + 4)]);
    expect(rows(0, moved.data)).toEqual([
      [1, 2, 3, -5],
      [5, 6, 7, -5],
      [9, 10, 11, -5],
    ]);
    expect(moved.data.subarray(12, 24)).toEqual(images.data.subarray(12));
    expect(rows(24, moved.data)).toEqual([
      [-5, -5, -5, -5],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    const out = new Float32Array(36);
    expect(warp(images, field(data, 3), { ...options, out }).data).toBe(out);
    expect(out).toEqual(moved.data);
  });

  it.each<[string, unknown, ExpectedError]>([
    ['no field', undefined, { code: type, argument: 'field', received: 'undefined' }],
    [
      'one of float64',
      { ...field(new Float32Array(48)), data: new Float64Array(48) },
      { code: type, argument: 'field.data', received: 'Float64Array(48)' },
    ],
    [
      'another shape',
      { data: new Float32Array(48), shape: [2, 4, 3, 2] },
      { code: range, argument: 'field.shape', expected: '[2, 3, 4, 2]' },
    ],
    [
      'a short one',
      field(new Float32Array(47)),
      { code: range, argument: 'field.data', expected: '48 displacements', received: '47' },
    ],
    [
      'NaN',
      field(new Float32Array(48).fill(Number.NaN, 31, 32)),
      { code: range, argument: 'field.data', expected: 'finite displacements', received: 'NaN at index 31' },
    ],
  ])('refuses %s', (_, wrong, error) =>
    expectError(
      thrownBy(() => warp(images, wrong as Loose)),
      error,
    ),
  );
  it.each(['edge', -5] as const)('interpolates as affine does, outside %s', (outside) => {
    const random = { data: Float32Array.from({ length: 2 * 30 * 2 }, next), shape: [2, 5, 6, 2] as const };
    const displacements = Float32Array.from({ length: 120 }, (_, at) => (at % 2 === 0 ? -0.3 * 5 : -0.3 * 6));
    const moved = warp(random, { data: displacements, shape: [2, 5, 6, 2] }, { outside });
    expectClose(moved.data, affine(random, { shift: [0.3, 0.3], outside }).data, 1e-6);
    expect(moved.shape).toEqual(random.shape);
  });

  it('refuses options of random perturbations', () => {
    const data = new Float32Array(48);
    expectError(
      thrownBy(() => warp(images, field(data), { seed: 1 } as Loose)),
      { code: type, argument: 'options.seed' },
    );
  });
});

describe('w2Perturbation', () => {
  const size = 9;
  const images: FloatImages = {
    data: Float32Array.from({ length: 4 * size ** 2 }, (_, at) => {
      const [y, x] = [Math.floor(at / size) % size, at % size];
      return Math.exp(-((y - 3.5) ** 2 + (x - 4) ** 2) / 4) + 0.02 * next();
    }),
    shape: [4, size, size],
  };
  const weights = Float64Array.from({ length: size ** 2 }, () => normal(next));
  /** A linear score, less a constant: it is far from 0. */
  const linear: Score = ({ data, shape: [n] }) => ({
    values: Array.from({ length: n }, (_, i) =>
      weights.reduce((sum, each, at) => sum + each * (data[i * size ** 2 + at] as number), -9),
    ),
    gradient: { data: Float64Array.from({ length: data.length }, (_, at) => weights[at % size ** 2] as number) },
  });
  const options: W2PerturbationOptions = { epsilon: 0.7, eta: 1e-9, share: 0.05, sigma: 1 };

  it('stays within the ball, and goes to its border where eta is small', async () => {
    const { images: moved, distances, steps, field } = await w2Perturbation(images, linear, options);
    expectClose(wasserstein2(images, moved).distances, distances, 1e-12);
    expect(warp(images, field)).toEqual(moved);
    for (const [i, distance] of distances.entries()) {
      expect(distance).toBeLessThanOrEqual(0.7);
      expect(distance).toBeGreaterThan(0.3);
      expect(steps[i]).toBeGreaterThan(2);
      expect(steps[i]).toBeLessThan(50);
    }
  });

  it('stops after the first step where eta is large, and after the last one', async () => {
    expect([...(await w2Perturbation(images, linear, { ...options, eta: 1e300 })).steps]).toEqual([1, 1, 1, 1]);
    expect([...(await w2Perturbation(images, linear, { ...options, maxSteps: 2 })).steps]).toEqual([2, 2, 2, 2]);
  });

  it('returns images whose first step leaves the ball, or that nothing moves', async () => {
    const still = { images: affine(images, {}), distances: new Float64Array(4), steps: new Int32Array(4) };
    expect(await w2Perturbation(images, linear, { ...options, epsilon: 0 })).toMatchObject(still);
    const none: Score = ({ data, shape: [n] }) => ({
      values: new Float64Array(n).fill(1),
      gradient: { data: new Float64Array(data.length) },
    });
    expect(await w2Perturbation(images, none, options)).toMatchObject(still);
  });

  it('is drawn by its seed, image by image, also with scores that are promised', async () => {
    const given = { ...options, eta: 0.5, seed: 5 };
    const expected = await w2Perturbation(images, linear, given);
    expect(await w2Perturbation(images, async (...args) => linear(...args), given)).toEqual(expected);
    const seeds = await Promise.all([1, 2, 3, 4].map((seed) => w2Perturbation(images, linear, { ...given, seed })));
    expect(new Set(seeds.map(({ steps }) => steps.join())).size).toBeGreaterThan(1);
    const some = await w2Perturbation(images, linear, { ...given, rows: [0, 1] });
    expect(some.images.data).toEqual(expected.images.data.subarray(0, 2 * size ** 2));
  });

  it('rejects with what a score throws, with the reason of a signal, and with codes', async () => {
    const own = new Error('mine');
    const fail: Score = () => {
      throw own;
    };
    expect(await rejectionOf(() => w2Perturbation(images, fail, options))).toBe(own);
    const stop = new AbortController();
    const abort: Score = (...args) => {
      stop.abort(new Error('enough'));
      return linear(...args);
    };
    await expect(w2Perturbation(images, abort, { ...options, signal: stop.signal })).rejects.toThrow('enough');
    const cases: [Loose, ExpectedError][] = [
      [{ epsilon: -1 }, { code: range, argument: 'epsilon', received: '-1' }],
      [{ epsilon: undefined }, { code: type, argument: 'epsilon', received: 'undefined' }],
      [{ eta: 0 }, { code: range, argument: 'eta', expected: '> 0', received: '0' }],
      [{ share: 2 }, { code: range, argument: 'share', expected: '(0, 1]', received: '2' }],
      [{ maxSteps: 0 }, { code: range, argument: 'maxSteps', received: '0' }],
      [{ rows: [4] }, { code: range, argument: 'rows', received: '4 at index 0' }],
      [{ radius: 1 }, { code: type, argument: 'options.radius' }],
    ];
    for (const [wrong, error] of cases)
      expectError(await rejectionOf(() => w2Perturbation(images, linear, { ...options, ...wrong })), error);
    const negative = { ...images, data: images.data.map((each) => -each) };
    expectError(await rejectionOf(() => w2Perturbation(negative, linear, options)), {
      code: range,
      argument: 'images',
      expected: '>= 0',
    });
    const zeros = { ...images, data: new Float32Array(images.data.length) };
    expectError(await rejectionOf(() => w2Perturbation(zeros, linear, options)), {
      code: range,
      argument: 'images',
      received: 'only zeros in image 0',
    });
    expectError(await rejectionOf(() => w2Perturbation(images, 3 as Loose, options)), {
      code: type,
      argument: 'score',
      received: '3',
    });
  });

  it('accepts a perturbation with the probability of its distance', () => {
    const [x, shifted] = [new Float32Array(25), new Float32Array(25)];
    for (let at = 6; at < 8; at++) shifted[at + 1] = x[at] = 1;
    const shape = [1, 5, 5] as const;
    const xi = { data: shifted.map((each, at) => each - (x[at] as number)), shape };
    expectNumber(acceptance({ data: x, shape }, xi, 2)[0] as number, Math.exp(-0.25), 1e-12);
    expect(acceptance({ data: x, shape }, { data: new Float32Array(25), shape }, 1)[0]).toBe(1);
    expectError(
      thrownBy(() => acceptance({ data: x, shape }, xi, 0)),
      { code: range, argument: 'eta', received: '0' },
    );
    expectError(
      thrownBy(() => acceptance({ data: x, shape }, images, 1)),
      { code: range, argument: 'xi', expected: '1 x 5 x 5' },
    );
  });
});
