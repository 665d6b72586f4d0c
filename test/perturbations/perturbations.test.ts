/** Perturbed copies of images: beside SciPy, exact where they can be, and drawn as they say. */
import { afterEach, describe, expect, it } from 'vitest';
import { config, info } from '../../src/index.js';
import {
  type AffineOptions,
  affine,
  affineAsync,
  type ElasticOptions,
  elastic,
  elasticAsync,
  type FloatImages,
  type Images,
  type PerturbationOptions,
} from '../../src/perturbations/index.js';
import { expectClose } from '../support/compare.js';
import { expectError, rejectionOf } from '../support/errors.js';
import { fixture } from '../support/fixtures.js';
import { normal, random } from '../support/random.js';

interface Case {
  images: 'small' | 'colours';
  kind: 'affine' | 'elastic';
  parameters: object;
  options: PerturbationOptions;
  copies: number[];
}
type Shape = [number, number, number, number];
const { sets, cases } = fixture<{ sets: Record<string, { shape: Shape; data: number[] }>; cases: Case[] }>(
  'perturbations/scipy.json',
);

const next = random(23);
const { threads } = info();
afterEach(() => config({ threads }));

/** Vitest's own comparison takes a second for each million of numbers. */
function expectBits({ data, shape }: FloatImages, expected: FloatImages) {
  expect(shape).toEqual(expected.shape);
  expect(Buffer.from(data.buffer).equals(Buffer.from(expected.data.buffer)), 'the same bits').toBe(true);
}

const gaussian = (...shape: [number, number, number] | Shape): FloatImages => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => normal(next)),
  shape,
});
/** The two kinds, with maps that move pixels. */
const kinds = {
  affine: (images: Images, options: PerturbationOptions = {}) =>
    affine(images, { rotation: 40, scale: 0.3, shear: 10, shift: 0.2, ...options }),
  elastic: (images: Images, options: PerturbationOptions = {}) =>
    elastic(images, { amplitude: 9, sigma: 2, ...options }),
};
const each = Object.entries(kinds);

describe('beside SciPy', () => {
  it.each(
    cases.map((each) => [`${each.kind} ${JSON.stringify({ ...each.parameters, ...each.options })}`, each] as const),
  )('%s', (_, { images: name, kind, parameters, options, copies }) => {
    const { shape, data } = sets[name] as { shape: Shape; data: number[] };
    const images = { data: Float32Array.from(data), shape };
    const run = kind === 'affine' ? affine : elastic;
    const { data: found, shape: sizes } = run(images, { ...parameters, ...options });
    expect(sizes).toEqual([(options.rows as number[]).length, ...shape.slice(1)]);
    expectClose(found, copies, 1e-5, 'intensities', 255);
    const bytes = run({ data: Uint8Array.from(data), shape }, { ...parameters, ...options });
    expect(bytes.data).toEqual(found);
  });
});

describe('exact copies', () => {
  const images = gaussian(5, 8, 6, 2);
  const bytes = { data: Uint8Array.from({ length: 40 }, (_, i) => 6 * i), shape: [2, 5, 4] as const };
  const options = { scale: 0.3, offset: -1.7 };
  const intensities = Float32Array.from(bytes.data, (byte) => options.scale * byte + options.offset);
  const still: Record<string, (images: Images) => FloatImages> = {
    'of a map that moves nothing': (images) => affine(images, {}),
    'of whole turns': (images) => affine(images, { rotation: [360, 360], outside: 7 }),
    'of no displacement': (images) => elastic(images, { amplitude: 0 }),
    'of the probability 0': (images) => kinds.elastic(images, { probability: 0 }),
  };

  it.each(Object.entries(still))('%s', (_, copy) => {
    expect(copy(images)).toEqual(images);
    expect(copy({ ...bytes, ...options })).toEqual({ data: intensities, shape: bytes.shape });
    expect(copy(bytes).data).toEqual(Float32Array.from(bytes.data));
  });

  /** The pixel (y, x) of a copy under k quarter turns, counter-clockwise, and a shift by whole pixels. */
  function turned({ data, shape }: FloatImages, quarters: number, [down, right]: number[], outside: number) {
    const [, h, w] = shape;
    return Float32Array.from({ length: data.length }, (_, at) => {
      const [image, row, column] = [Math.floor(at / (h * w)), Math.floor(at / w) % h, at % w];
      let [y, x] = [row - (h - 1) / 2 - (down as number), column - (w - 1) / 2 - (right as number)];
      for (let i = 0; i < quarters; i++) [y, x] = [x, -y];
      [y, x] = [y + (h - 1) / 2, x + (w - 1) / 2];
      if (y < 0 || y >= h || x < 0 || x >= w) return outside;
      expect([y % 1, x % 1]).toEqual([0, 0]);
      return data[(image * h + y) * w + x] as number;
    });
  }

  it.each([
    [5, 5],
    [8, 8],
    [3, 7],
    [6, 4],
  ])('of quarter turns and shifts by pixels, %d x %d', (h, w) => {
    const square = gaussian(2, h, w);
    for (const quarters of [-3, -2, -1, 0, 1, 2, 3, 4]) {
      const rotation = [90 * quarters, 90 * quarters] as const;
      const expected = turned(square, (quarters + 4) % 4, [0, 0], -9);
      expect(affine(square, { rotation, outside: -9 }).data, `${quarters}`).toEqual(expected);
    }
    // 1/4 of 8 pixels.
    if (h === 8)
      expect(affine(square, { rotation: [90, 90], shift: [0.25, 0.25], outside: -9 }).data).toEqual(
        turned(square, 1, [2, 2], -9),
      );
  });

  it('turn counter-clockwise, as numpy.rot90 does', () => {
    const image = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] as const };
    expect([...affine(image, { rotation: [90, 90] }).data]).toEqual([2, 4, 1, 3]);
  });

  it.each(each)('of images of one intensity: %s', (_, perturb) => {
    const flat = { data: new Float32Array(2 * 11 * 11).fill(0.1), shape: [2, 11, 11] as const };
    expect(perturb(flat)).toEqual(flat);
  });
});

describe('the draws', () => {
  const N = 4000;
  /** Channels hold the place itself, (y, x): a copy's intensities are the places that its pixels come from. */
  const places = (size: number) => ({
    data: Float32Array.from({ length: 2 * size * size }, (_, at) =>
      at % 2 === 0 ? Math.floor(at / 2 / size) : Math.floor(at / 2) % size,
    ),
    shape: [1, size, size, 2] as const,
  });
  const rows = new Array<number>(N).fill(0);
  const moments = (numbers: readonly number[]) => {
    const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
    return [mean, numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / numbers.length] as const;
  };
  /** Within five standard errors of a uniform distribution. */
  function expectUniform(numbers: readonly number[], least: number, largest: number) {
    const [mean, variance] = moments(numbers);
    const width = largest - least;
    expect(Math.abs(mean - (least + largest) / 2)).toBeLessThan((5 * width) / Math.sqrt(12 * N));
    expect(Math.abs(variance / (width ** 2 / 12) - 1)).toBeLessThan(5 * Math.sqrt(0.8 / N));
    expect(Math.min(...numbers)).toBeGreaterThan(least - 1e-4 * width);
    expect(Math.max(...numbers)).toBeLessThan(largest + 1e-4 * width);
  }

  it('of affine maps are uniform, each in its range', () => {
    const { data } = affine(places(13), { rotation: 25, scale: [0.8, 1.4], shift: 0.2, rows });
    const found = rows.map((_, i) => {
      const at = (y: number, x: number, axis: number) => data[2 * (169 * i + 13 * y + x) + axis] as number;
      // Differences of places, over a step to the right, are R' / s.
      const [down, right] = [at(6, 7, 0) - at(6, 6, 0), at(6, 7, 1) - at(6, 6, 1)];
      const [degrees, factor] = [(Math.atan2(down, right) * 180) / Math.PI, 1 / Math.hypot(down, right)];
      const [y, x] = [6 - at(6, 6, 0), 6 - at(6, 6, 1)];
      // The centre comes from -R' t / s.
      const turn = [right * factor, down * factor] as const;
      const shift = [factor * (turn[0] * y - turn[1] * x), factor * (turn[1] * y + turn[0] * x)] as const;
      return { degrees, factor, y: shift[0] / 13, x: shift[1] / 13 };
    });
    expectUniform(
      found.map(({ degrees }) => degrees),
      -25,
      25,
    );
    expectUniform(
      found.map(({ factor }) => factor),
      0.8,
      1.4,
    );
    expectUniform(
      found.map(({ y }) => y),
      -0.2,
      0.2,
    );
    expectUniform(
      found.map(({ x }) => x),
      -0.2,
      0.2,
    );
    const products = found.map(({ y, x }) => (y * x) / (0.4 ** 2 / 12));
    expect(Math.abs(moments(products)[0])).toBeLessThan(5 / Math.sqrt(N));
  });

  it('of elastic maps have the spread that the filter leaves', () => {
    const [size, amplitude, sigma] = [41, 6, 2];
    const copies = 200;
    const { data } = elastic(places(size), { amplitude, sigma, rows: rows.slice(0, copies) });
    // Displacements inside, of pixels so far apart that they have little in common.
    const displacements = [0, 1].map((axis) =>
      Array.from({ length: copies * 9 }, (_, i) => {
        const [y, x] = [11 + 9 * (Math.floor(i / 3) % 3), 11 + 9 * (i % 3)];
        const place = data[2 * (size * (size * Math.floor(i / 9) + y) + x) + axis] as number;
        return place - (axis === 0 ? y : x);
      }),
    );
    const expected = amplitude ** 2 / 3 / (4 * Math.PI * sigma ** 2);
    const count = copies * 9;
    for (const each of displacements) {
      const [mean, variance] = moments(each);
      expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(expected / count));
      expect(Math.abs(variance / expected - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    }
    const [down, right] = displacements as [number[], number[]];
    const correlation = moments(down.map((y, i) => (y * (right[i] as number)) / expected))[0];
    expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(count));
  });

  it.each(each)('of %s perturb this share of all images', (_, perturb) => {
    const { data } = perturb(places(9), { rows, probability: 0.3 });
    const still = places(9).data;
    const moved = rows.filter((_, i) => still.some((number, at) => data[still.length * i + at] !== number)).length;
    expect(Math.abs(moved / N - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / N));
  });

  it.each(each)('of %s depend on the seed, the image and its place alone', (_, perturb) => {
    const images = gaussian(4, 9, 9);
    const all = perturb(images, { seed: 5 });
    expect(perturb(images, { seed: 5, rows: [0, 1] }).data).toEqual(all.data.subarray(0, 2 * 81));
    expect(perturb(images, { seed: 6 }).data).not.toEqual(all.data);
    const copies = perturb(images, { rows: Int32Array.of(2, 2, 2) }).data;
    const distinct = new Set([0, 1, 2].map((i) => copies.subarray(81 * i, 81 * (i + 1)).join()));
    expect(distinct.size).toBe(3);
  });
});

describe.each([
  ['affine', (images: Images, options: AffineOptions) => affine(images, { rotation: 40, shift: 0.2, ...options })],
  ['elastic', (images: Images, options: ElasticOptions) => elastic(images, { amplitude: 9, ...options })],
] as const)('%s', (name, perturb) => {
  const later = (images: Images, options: AffineOptions & ElasticOptions & { signal?: AbortSignal }) =>
    name === 'affine'
      ? affineAsync(images, { rotation: 40, shift: 0.2, ...options })
      : elasticAsync(images, { amplitude: 9, ...options });
  const images = gaussian(100, 14, 13);

  it('has the same bits for any number of threads, and asynchronously', async () => {
    config({ threads: 1 });
    const rows = Int32Array.from({ length: 400 }, (_, i) => (37 * i) % 100);
    const expected = perturb(images, { rows, seed: 3 });
    for (const count of [2, 3, 8]) {
      config({ threads: count });
      expectBits(perturb(images, { rows, seed: 3 }), expected);
    }
    expectBits(await later(images, { rows, seed: 3 }), expected);
    expectBits(await later(images, {}), perturb(images, {}));
  });

  it('reads views of buffers and shared memory, and copies them before an asynchronous call returns', async () => {
    const expected = perturb(images, {});
    const around = new Float32Array(images.data.length + 9).fill(Number.NaN);
    around.set(images.data, 4);
    const viewed = { data: around.subarray(4, 4 + images.data.length), shape: images.shape };
    expectBits(perturb(viewed, {}), expected);
    const shared = { data: new Float32Array(new SharedArrayBuffer(images.data.byteLength)), shape: images.shape };
    shared.data.set(images.data);
    expectBits(perturb(shared, {}), expected);
    const calls = [later(viewed, {}), later(viewed, { rows: [1, 0] })];
    around.fill(7);
    expectBits((await calls[0]) as FloatImages, expected);
    expect(await calls[1]).toEqual(perturb(images, { rows: [1, 0] }));
  });

  it('fills an array that is lent, unless the call fails', async () => {
    const expected = perturb(images, { rows: [5, 6] });
    const out = new Float32Array(2 * 14 * 13);
    const lent = perturb(images, { rows: [5, 6], out });
    expect(lent.data).toBe(out);
    expect(lent).toEqual(expected);
    out.fill(0);
    const asynchronous = await later(images, { rows: [5, 6], out });
    expect(asynchronous.data).toBe(out);
    expect(asynchronous).toEqual(expected);
    const call = later(images, { rows: [5, 6], out });
    structuredClone(out.buffer, { transfer: [out.buffer] });
    const error = { code: 'ERR_OUT_OF_RANGE', argument: 'out', received: 'transferred meanwhile' };
    expectError(await rejectionOf(() => call), error);
  });

  it('is stopped by a signal', async () => {
    const stop = new AbortController();
    const call = later(images, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(later(images, { signal: stop.signal })).rejects.toThrow('enough');
  });
});
