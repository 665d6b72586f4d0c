/** The Wasserstein-2 distance between images: the specification's vector, translations, duals against differences. */
import { describe, expect, it } from 'vitest';
import {
  type FloatImages,
  type ImageShape,
  type Images,
  wasserstein2,
  wasserstein2Async,
} from '../../src/perturbations/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { random } from '../support/random.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

const next = random(29);
const uniform = (...shape: number[]): FloatImages => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, next),
  shape: shape as unknown as ImageShape,
});
const one = (a: Images, b: Images) => wasserstein2(a, b).distances[0] as number;

describe('wasserstein2', () => {
  it('is that of the vector in iic_dim_perturbations.md', () => {
    const shape = [1, 3, 3] as const;
    const x = { data: Float32Array.of(2, 8, 5, 10, 30, 15, 5, 20, 5), shape };
    const w = { data: Float32Array.of(5, 2, 10, 5, 10, 25, 15, 13, 15), shape };
    expectNumber(one(x, w), 0.692820323028, 1e-11);
    expectNumber(one(w, x), 0.692820323028, 1e-11);
  });

  it.each([
    [0, 1],
    [2, 0],
    [1, -2],
  ])('is the length of a shift by (%d, %d)', (down, right) => {
    const [a, b] = [new Float32Array(81), new Float32Array(81)];
    for (let y = 2; y < 7; y++) for (let x = 2; x < 7; x++) b[9 * (y + down) + x + right] = a[9 * y + x] = 0.1 + next();
    const shape = [1, 9, 9] as const;
    expectNumber(one({ data: a, shape }, { data: b, shape }), Math.hypot(down, right), 1e-12);
    expect(one({ data: a, shape }, { data: a, shape })).toBe(0);
  });

  it('does not depend on the sum of an image, or on how its numbers are written', () => {
    const bytes = (scale: number) => ({
      data: Uint8Array.from({ length: 24 }, (_, i) => (37 * i) % 256),
      shape: [1, 4, 6] as const,
      scale,
    });
    const b = uniform(1, 4, 6);
    const expected = one(bytes(1), b);
    expectNumber(one(bytes(0.25), b), expected, 1e-13);
    expectNumber(one({ ...b, data: b.data.map((each) => 8 * each) }, bytes(1)), expected, 1e-13);
  });

  it('is the root of the mean of squares over channels', () => {
    const [a, b] = [uniform(2, 3, 4, 2), uniform(2, 3, 4, 2)];
    const only = ({ data }: FloatImages, channel: number) => ({
      data: data.filter((_, at) => at % 2 === channel),
      shape: [2, 3, 4] as const,
    });
    const [first, second] = [0, 1].map((channel) =>
      wasserstein2(only(a, channel), only(b, channel), { gradient: true }),
    );
    const both = wasserstein2(a, b, { gradient: true });
    for (const [image, distance] of both.distances.entries())
      expectNumber(
        distance ** 2,
        ((first?.distances[image] as number) ** 2 + (second?.distances[image] as number) ** 2) / 2,
        1e-13,
      );
    expect(both.gradient?.shape).toEqual(b.shape);
    for (const [channel, each] of [first, second].entries())
      expectClose(
        both.gradient?.data.filter((_, at) => at % 2 === channel) as Float64Array,
        each?.gradient?.data.map((slope) => slope / 2) as Float64Array,
        1e-13,
      );
  });

  it('has the gradient that central differences find, at right angles to the image', () => {
    const [a, b] = [uniform(3, 4, 4), uniform(3, 4, 4)];
    const { distances, gradient } = wasserstein2(a, b, { gradient: true });
    const step = 2 ** -12;
    const differences = b.data.map((_, at) => {
      const [there, back] = [step, -step].map((move) => {
        const data = b.data.map((each, i) => (i === at ? each + move : each));
        // What float32 has made of the step.
        const moved = (data[at] as number) - (b.data[at] as number);
        return [
          (wasserstein2(a, { data, shape: b.shape }).distances[Math.floor(at / 16)] as number) ** 2,
          moved,
        ] as const;
      }) as [readonly [number, number], readonly [number, number]];
      return (there[0] - back[0]) / (there[1] - back[1]);
    });
    expectClose(differences, gradient?.data as Float64Array, 1e-4, 'dW2^2/db');
    for (const image of [0, 1, 2]) {
      const slopes = gradient?.data.subarray(16 * image, 16 * (image + 1)) as Float64Array;
      const along = slopes.reduce((sum, slope, i) => sum + slope * (b.data[16 * image + i] as number), 0);
      expect(Math.abs(along)).toBeLessThan(1e-13 * (1 + (distances[image] as number) ** 2));
    }
  });

  it.each([
    ['uniform', () => uniform(2, 9, 14, 2)],
    [
      'sparse',
      () => ({ ...uniform(2, 9, 14, 2), data: uniform(504, 1, 1).data.map((each) => Math.max(0, each - 0.7)) }),
    ],
  ])('is within the bounds of the method entropic: %s', (_, draw) => {
    const [a, b] = [draw(), draw()];
    const exact = wasserstein2(a, b);
    for (const tolerance of [1, 0.1, 0.02]) {
      const { distances, errors } = wasserstein2(a, b, { method: 'entropic', tolerance, maxIterations: 5000 });
      for (const [image, distance] of distances.entries()) {
        expect(errors[image]).toBeLessThanOrEqual(tolerance);
        const difference = Math.abs(distance - (exact.distances[image] as number));
        expect(difference).toBeLessThanOrEqual((errors[image] as number) + 1e-9);
      }
    }
    expect([...exact.errors]).toEqual([0, 0]);
  });

  it('is within the bounds of the method entropic after few iterations, for shifts, points and equal images', () => {
    const shape = [1, 12, 7] as const;
    const point = (at: number) => ({ data: new Float32Array(84).fill(3, at, at + 1), shape });
    const picture = uniform(1, 12, 7);
    for (const [a, b] of [
      [point(0), point(83)],
      [point(40), picture],
      [picture, picture],
      [picture, { ...picture, data: picture.data.map((each, at) => (at === 11 ? each + 1e-6 : each)) }],
    ] as const)
      for (const maxIterations of [1, 50]) {
        const { distances, errors } = wasserstein2(a, b, { method: 'entropic', tolerance: 0, maxIterations });
        expect(Math.abs((distances[0] as number) - one(a, b))).toBeLessThanOrEqual((errors[0] as number) + 1e-9);
        expect(errors[0]).toBeLessThan(maxIterations === 1 ? 14 : 1);
      }
  });

  it('has the gradient of the lower bound with the method entropic', () => {
    const [a, b] = [uniform(1, 12, 12), uniform(1, 12, 12)];
    const exact = wasserstein2(a, b, { gradient: true }).gradient?.data as Float64Array;
    const entropic = wasserstein2(a, b, { gradient: true, method: 'entropic', tolerance: 0.005, maxIterations: 5000 })
      .gradient?.data as Float64Array;
    const norm = (of: Float64Array) => Math.hypot(...of);
    expect(norm(exact.map((each, at) => each - (entropic[at] as number)))).toBeLessThan(0.1 * norm(exact));
    const along = entropic.reduce((sum, slope, at) => sum + slope * (b.data[at] as number), 0);
    expect(Math.abs(along)).toBeLessThan(1e-12);
  });

  it('bounds the distance between images too large to be solved exactly', () => {
    const disc = (y: number, x: number) => ({
      data: Float32Array.from({ length: 128 * 150 }, (_, at) =>
        Math.exp(-((Math.floor(at / 150) - y) ** 2 + ((at % 150) - x) ** 2) / 50),
      ),
      shape: [1, 128, 150] as const,
    });
    const { distances, errors } = wasserstein2(disc(60, 60), disc(64, 57), { method: 'entropic', tolerance: 0.1 });
    expect(errors[0]).toBeLessThanOrEqual(0.1);
    expectNumber(distances[0] as number, 5, 0.1);
  });

  it('is the same asynchronously, and is stopped by a signal', async () => {
    const [a, b] = [uniform(5, 6, 7), uniform(5, 6, 7)];
    const expected = wasserstein2(a, b, { gradient: true });
    expect(await wasserstein2Async(a, b, { gradient: true })).toEqual(expected);
    const entropic = { gradient: true, method: 'entropic' } as const;
    expect(await wasserstein2Async(a, b, entropic)).toEqual(wasserstein2(a, b, entropic));
    const stop = new AbortController();
    const call = wasserstein2Async(a, b, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });
});

describe('wasserstein2 refuses', () => {
  const good = { data: Float32Array.of(1, 2, 0, 4), shape: [2, 1, 2] as const };
  const cases: [what: string, images: unknown, error: Omit<ExpectedError, 'argument'> & { at?: string }][] = [
    [
      'a negative intensity',
      { ...good, data: Float32Array.of(1, 2, 3, -4) },
      { code: range, expected: '>= 0', received: '-4 in image 1 at row 0, column 1' },
    ],
    [
      'bytes that stand for one',
      { data: Uint8Array.of(1, 0, 2, 1), shape: [2, 1, 2], offset: -1 },
      { code: range, received: '-1 in image 0 at row 0, column 1' },
    ],
    [
      'NaN',
      { ...good, data: Float32Array.of(1, Number.NaN, 3, 4) },
      { code: range, received: 'NaN in image 0 at row 0, column 1' },
    ],
    [
      'infinity',
      { ...good, data: Float32Array.of(Infinity, 1, 3, 4) },
      { code: range, received: 'Infinity in image 0' },
    ],
    [
      'an image of zeros',
      { ...good, data: Float32Array.of(1, 2, 0, 0) },
      { code: range, expected: 'a positive intensity', received: 'only zeros in image 1' },
    ],
    [
      'a sum that overflows',
      { data: new Uint8Array(4).fill(255), shape: [2, 1, 2], scale: 7e305 },
      { code: range, received: 'an overflow in image 0' },
    ],
    ['a matrix', { data: good.data, shape: [2, 2] }, { code: range, at: '.shape', received: '[2, 2]' }],
    ['nothing', undefined, { code: type, received: 'undefined' }],
  ];
  it.each(cases)('%s', async (_, wrong, { at = '', ...error }) => {
    expectError(
      thrownBy(() => wasserstein2(wrong as Loose, good)),
      { ...error, argument: `a${at}` },
    );
    expectError(
      thrownBy(() => wasserstein2(good, wrong as Loose)),
      { ...error, argument: `b${at}` },
    );
    expectError(await rejectionOf(() => wasserstein2Async(good, wrong as Loose)), { ...error, argument: `b${at}` });
  });

  it('images of other sizes, none, too large ones, and other options', () => {
    const none = { data: new Float32Array(0), shape: [0, 1, 2] as const };
    const large = { data: new Uint8Array(1e6), shape: [1, 1000, 1000] as const };
    const options = (given: unknown) => thrownBy(() => wasserstein2(good, good, given as Loose));
    expectError(
      thrownBy(() => wasserstein2(good, uniform(2, 2, 1))),
      { code: range, argument: 'b', expected: '2 x 1 x 2 x 1', received: '2 x 2 x 1 x 1' },
    );
    expectError(
      thrownBy(() => wasserstein2(none, none)),
      { code: range, argument: 'a', expected: 'at least one image', received: 'none' },
    );
    large.data.fill(1);
    expectError(
      thrownBy(() => wasserstein2(large, large)),
      { code: 'ERR_OUT_OF_MEMORY', argument: 'Costs between 1000000 and 1000000 pixels' },
    );
    const line = { data: new Uint8Array(2e7).fill(1), shape: [1, 1, 2e7] as const };
    expectError(
      thrownBy(() => wasserstein2(line, line, { method: 'entropic' })),
      { code: 'ERR_OUT_OF_MEMORY', argument: 'Planes of 1 x 20000000 pixels' },
    );
    expectError(options({ gradient: 1 }), { code: type, argument: 'gradient', received: '1' });
    expectError(options({ method: 'sinkhorn' }), { code: range, argument: 'method', expected: "'entropic'" });
    expectError(options({ tolerance: -1 }), { code: range, argument: 'tolerance', received: '-1' });
    expectError(options({ maxIterations: 1.5 }), { code: range, argument: 'maxIterations', received: '1.5' });
    expectError(options({ plan: true }), { code: type, argument: 'options.plan' });
    expectError(options(null), { code: type, argument: 'options', received: 'null' });
  });
});
