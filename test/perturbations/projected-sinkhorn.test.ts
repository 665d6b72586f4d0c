/** Projections onto Wasserstein balls: the specification's vectors, a dense iteration, linear programs, properties. */
import { describe, expect, it } from 'vitest';
import {
  conjugateSinkhorn,
  conjugateSinkhornAsync,
  elastic,
  type FloatImages,
  type ImageShape,
  type ProjectedSinkhornOptions,
  projectedSinkhorn,
  projectedSinkhornAsync,
  wasserstein2,
} from '../../src/perturbations/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { normal, random } from '../support/random.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

const next = random(37);
const images = (shape: ImageShape, number: () => number): FloatImages => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, number),
  shape,
});
const sum = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((a, b) => a + b, 0);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => sum(Array.from(a, (each, i) => each * (b[i] as number)));
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (each, i) => each - (b[i] as number)));

// Section 8 of iic_dim_perturbations.md, in hundredths.
const grid = [1, 3, 3] as const;
const x = { data: Float32Array.of(2, 8, 5, 10, 30, 15, 5, 20, 5), shape: grid };
const w = { data: Float32Array.of(5, 2, 10, 5, 10, 25, 15, 13, 15), shape: grid };
const exactly = { window: 3, tolerance: 1e-9, maxIterations: 20_000 };

/** Squared distances in a window; Infinity outside. */
function costs(height: number, width: number, window: number): number[][] {
  const pixels = Array.from({ length: height * width }, (_, p) => p);
  return pixels.map((p) =>
    pixels.map((q) => {
      const [down, right] = [Math.floor(q / width) - Math.floor(p / width), (q % width) - (p % width)];
      return Math.max(Math.abs(down), Math.abs(right)) <= (window - 1) / 2 ? down ** 2 + right ** 2 : Infinity;
    }),
  );
}

/**
 * The largest <g, z> over the ball, with exact plans: the least over psi of psi epsilon^2 + sum_i x_i max_j (g_j - psi
 * C_ij), which is convex.
 */
function linearProgram(center: ArrayLike<number>, g: ArrayLike<number>, C: number[][], epsilon: number): number {
  const dual = (psi: number) =>
    psi * epsilon ** 2 +
    sum(
      Array.from(center, (mass, i) =>
        mass === 0
          ? 0
          : mass *
            Math.max(
              ...(C[i] as number[]).map((cost, j) => (cost === Infinity ? -Infinity : (g[j] as number) - psi * cost)),
            ),
      ),
    );
  let [low, high] = [0, 1e6];
  for (let k = 0; k < 300; k++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (dual(left) <= dual(right)) high = right;
    else low = left;
  }
  return dual(low);
}

/** Block ascent over dense matrices in logarithms, as the specification has it: without windows, filters and momentum. */
function denseProjection(center: number[], image: number[], C: number[][], epsilon: number, lambda: number) {
  const logSum = (terms: number[]) => {
    const most = Math.max(...terms);
    return most === -Infinity ? most : most + Math.log(sum(terms.map((term) => Math.exp(term - most))));
  };
  const omega = (y: number) => {
    let [low, high] = [-800, Math.max(1, y)]; // log omega + omega = y, in log omega
    for (let k = 0; k < 200; k++) {
      const middle = (low + high) / 2;
      if (middle + Math.exp(middle) > y) high = middle;
      else low = middle;
    }
    return Math.exp(low);
  };
  let [beta, psi] = [image.map(() => 0), 1];
  let plan: number[][] = [];
  for (let k = 0; k < 4000; k++) {
    const alpha = center.map(
      (mass, i) => Math.log(mass) - logSum(beta.map((each, j) => each - psi * (C[i]?.[j] as number))),
    );
    beta = image.map((each, j) => {
      const reached = logSum(alpha.map((row, i) => row - psi * (C[i]?.[j] as number)));
      return lambda * each - omega(Math.log(lambda) + lambda * each + reached);
    });
    plan = alpha.map((row, i) => beta.map((column, j) => Math.exp(row + column - psi * (C[i]?.[j] as number))));
    const moment = (power: number) =>
      sum(plan.map((row, i) => sum(row.map((mass, j) => (mass === 0 ? 0 : mass * (C[i]?.[j] as number) ** power)))));
    const step = (moment(1) - epsilon ** 2) / moment(2);
    psi = Math.max(psi / 4, psi + step);
  }
  return image.map((_, j) => sum(plan.map((row) => row[j] as number)));
}

describe('projectedSinkhorn', () => {
  it.each([
    [0.05, 1000, [2, 8, 5, 10, 25, 20, 5, 20, 5]],
    [
      ...([0.2, 1000] as const),
      [
        ...[2.003191861, 6.601633358, 6.395174781, 7.204590258, 19.15245271, 25.84741457],
        ...[8.937375221, 15.0414564, 8.816710846],
      ],
    ],
    [
      ...([0.4, 1000] as const),
      [
        ...[3.83876667, 2.961094752, 8.754826306, 5.728101817, 12.6282898, 25.44831173],
        ...[13.54814888, 13.60591209, 13.48654795],
      ],
    ],
    [
      ...([0.2, 100] as const),
      [
        ...[2.389002728, 6.652187678, 6.121087878, 8.10025586, 19.17194618, 24.52554481],
        ...[9.09363295, 15.37814192, 8.568199299],
      ],
    ],
  ])('is that of the vector for epsilon^2 = %d, lambda = %d', (cost, lambda, expected) => {
    const { images: z, errors } = projectedSinkhorn(w, x, { ...exactly, epsilon: Math.sqrt(cost), lambda });
    expectClose(z.data, expected, 1e-7);
    expect(errors[0]).toBeLessThan(1e-6);
  });

  it('comes near to the exact projection as lambda grows', () => {
    const exact = [2, 6.625, 6.375, 7.125, 19.125, 25.875, 8.875, 15.125, 8.875];
    const gap = (lambda: number) => {
      const { images: z } = projectedSinkhorn(w, x, { ...exactly, epsilon: Math.sqrt(0.2), lambda });
      return Math.max(...exact.map((each, i) => Math.abs(each - (z.data[i] as number)))) / 100;
    };
    expect(gap(1000)).toBeLessThan(9e-4);
    expect(gap(20_000)).toBeLessThan(5e-5);
    expect(gap(20_000)).toBeLessThan(gap(1000) / 10);
  });

  it.each([1, 30, 300])('is that of a dense iteration, lambda %d', (lambda) => {
    const shape = [1, 4, 5] as const;
    const [center, image] = [
      images(shape, () => Math.ceil(9 * next())),
      images(shape, () => Math.round(9 * normal(next))),
    ];
    const total = sum(center.data);
    const shares = ({ data }: FloatImages) => Array.from(data, (each) => each / total);
    const epsilon = 0.4;
    const expected = denseProjection(shares(center), shares(image), costs(4, 5, 3), epsilon, lambda);
    const { images: z } = projectedSinkhorn(image, center, { ...exactly, epsilon, lambda });
    expectClose(
      z.data,
      expected.map((mass) => mass * total),
      1e-6,
    );
  });

  it('satisfies the inequality of the exact projection up to the entropy', () => {
    // With g = w - z, no y of the ball has <g, y> larger than <g, z>; |z - exact|^2 is at most the difference.
    const [lambda, window, epsilon] = [1e5, 5, 0.5];
    for (let k = 0; k < 5; k++) {
      const shape = [1, 5, 4] as const;
      const [center, image] = [images(shape, next), images(shape, next)];
      const total = sum(center.data);
      const { images: z } = projectedSinkhorn(image, center, {
        epsilon,
        lambda,
        window,
        tolerance: 1e-7,
        maxIterations: 20_000,
      });
      const g = image.data.map((each, i) => (each - (z.data[i] as number)) / total);
      const shares = center.data.map((each) => each / total);
      const gap = linearProgram(shares, g, costs(5, 4, window), epsilon) - dot(g, z.data) / total;
      expect(gap).toBeGreaterThan(-1e-7);
      expect(gap).toBeLessThan((2 * Math.log(window)) / lambda + 1e-6);
    }
  });

  const properties: [what: string, count: number, options: Partial<ProjectedSinkhornOptions>, shape: ImageShape][] = [
    ['digits', 6, {}, [6, 12, 11]],
    ['channels', 5, { window: 3 }, [5, 6, 5, 3]],
    ['a narrow ball', 4, { epsilon: 0.01 }, [4, 8, 8]],
    ['a wide window', 4, { epsilon: 2, window: 9 }, [4, 8, 8]],
    ['a window that is wider than the image', 3, { epsilon: 1, window: 99 }, [3, 4, 6]],
    ['one iteration', 4, { maxIterations: 1 }, [4, 8, 8]],
    ['little entropy', 3, { lambda: 1e6, maxIterations: 100 }, [3, 8, 8]],
    ['much entropy', 3, { lambda: 1 }, [3, 8, 8]],
    ['one row', 2, {}, [2, 1, 30]],
    ['a large image', 1, {}, [1, 40, 40]],
  ];
  it.each(properties)('stays in the ball, keeps the sum, and is a projection: %s', (_, count, options, shape) => {
    // Half of the pixels of a center are empty; images have any sum and sign.
    const center = images(shape, () => Math.max(0, next() - 0.5));
    const image = images(shape, () => 2 * next() - 0.6);
    const epsilon = options.epsilon ?? 0.3;
    const { images: z, errors } = projectedSinkhorn(image, center, { epsilon, ...options });
    expect(z.shape).toEqual(shape);
    expect(z.data.every((each) => each >= 0)).toBe(true);
    const [channels, size] = [shape[3] ?? 1, z.data.length / count];
    for (let k = 0; k < count; k++)
      for (let c = 0; c < channels; c++) {
        const of = ({ data }: FloatImages) =>
          data.subarray(k * size, (k + 1) * size).filter((_, at) => at % channels === c);
        expectNumber(sum(of(z)), sum(of(center)), 1e-6, 'sum');
      }
    if (options.maxIterations === undefined) expect(Math.max(...errors)).toBeLessThanOrEqual(1e-5);
    if (size > 1024) return;
    for (const each of wasserstein2(z, center).distances) expect(each).toBeLessThanOrEqual(epsilon + 1e-6);
    const again = projectedSinkhorn(z, center, { epsilon, ...options });
    expect(again.images.data).toEqual(z.data);
    expect([...again.iterations]).toEqual(Array.from({ length: count }, () => 0));
  });

  it('returns images of the ball as they are', () => {
    const shape = [4, 9, 9] as const;
    const center = images(shape, (): number => 0);
    for (let at = 0; at < center.data.length; at++)
      if (Math.floor(at / 9) % 9 > 1 && Math.floor(at / 9) % 9 < 7 && at % 9 > 1 && at % 9 < 7)
        center.data[at] = next();
    // Each image is shifted by one pixel: at a distance of 1.
    const image = images(shape, (): number => 0);
    image.data.set(center.data.subarray(0, -1), 1);
    for (const epsilon of [1, 1.5]) {
      const { images: z, errors, iterations } = projectedSinkhorn(image, center, { epsilon });
      expect(z.data).toEqual(image.data);
      expect([...errors, ...iterations]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    }
    const outside = projectedSinkhorn(image, center, { epsilon: 0.99, lambda: 1e5 });
    expect(Math.min(...outside.iterations)).toBeGreaterThan(0);
    for (const each of wasserstein2(outside.images, center).distances) {
      expect(each).toBeLessThanOrEqual(0.99 + 1e-6);
      expect(each).toBeGreaterThan(0.97);
    }
    expect(projectedSinkhorn(center, center, { epsilon: 1e-6 }).images.data).toEqual(center.data);
  });

  it('is no farther from the solution than errors say', () => {
    const shape = [5, 10, 10] as const;
    const [center, image] = [images(shape, () => next() ** 8), images(shape, () => next() ** 8)];
    const options = { epsilon: 0.5, lambda: 3000 };
    const solution = projectedSinkhorn(image, center, { ...options, tolerance: 1e-8, maxIterations: 20_000 });
    for (const maxIterations of [1, 3, 10, 30]) {
      const early = projectedSinkhorn(image, center, { ...options, maxIterations, tolerance: 0 });
      expect([...early.iterations]).toEqual([1, 1, 1, 1, 1].map((each) => each * maxIterations));
      for (let k = 0; k < 5; k++) {
        const of = ({ data }: FloatImages) => data.subarray(100 * k, 100 * (k + 1));
        const far = distance(of(early.images), of(solution.images)) / sum(of(center));
        expect(far).toBeLessThanOrEqual((early.errors[k] as number) + 1e-6);
      }
    }
  });

  it('needs no small numbers: single pixels far apart, and exponents that overflow', () => {
    const shape = [1, 9, 9] as const;
    const at = (pixel: number, mass: number) => {
      const image = images(shape, (): number => 0);
      image.data[pixel] = mass;
      return image;
    };
    for (const lambda of [100, 1e4, 1e6]) {
      const { images: z, errors } = projectedSinkhorn(at(80, 3), at(40, 3), {
        epsilon: 1,
        lambda,
        maxIterations: 20_000,
      });
      expectNumber(sum(z.data), 3, 1e-6);
      expectNumber(wasserstein2(z, at(40, 3)).distances[0] as number, 1, 1e-5);
      expect(errors[0]).toBeLessThan(1e-4);
    }
    const pixel = (mass: number) => ({ data: Float32Array.of(mass), shape: [1, 1, 1] as const });
    expect([...projectedSinkhorn(pixel(-5), pixel(7), { epsilon: 1 }).images.data]).toEqual([7]);
  });

  it('reads bytes, and depends on the scale of both alone', () => {
    const bytes = (scale: number) => ({
      data: Uint8Array.from({ length: 72 }, (_, i) => (37 * i) % 256),
      shape: [2, 6, 6] as const,
      scale,
    });
    const other = images([2, 6, 6], () => Math.round(255 * next()));
    const one = projectedSinkhorn(other, bytes(1), { epsilon: 0.3 });
    const half = projectedSinkhorn({ ...other, data: other.data.map((each) => each / 2) }, bytes(0.5), {
      epsilon: 0.3,
    });
    expect(half.images.data.map((each) => 2 * each)).toEqual(one.images.data);
  });

  it('has channels in the metric of wasserstein2', () => {
    // One channel is far from its center and the other is not: the mean over channels bounds both.
    const shape = [1, 5, 5, 2] as const;
    const center = images(shape, () => 1 + next());
    const image = { data: center.data.map((each, at) => (at % 2 === 0 ? 10 * next() : each)), shape };
    const { images: z } = projectedSinkhorn(image, center, { epsilon: 0.2 });
    expectNumber(wasserstein2(z, center).distances[0] as number, 0.2, 1e-3);
  });

  it('fills out, and is the same asynchronously, until a signal stops it', async () => {
    const shape = [7, 8, 9] as const;
    const [center, image] = [images(shape, next), images(shape, next)];
    image.data.set(center.data.subarray(72, 144), 72); // in its ball
    const options = { epsilon: 0.3, tolerance: 1e-6 };
    const expected = projectedSinkhorn(image, center, options);
    const out = new Float32Array(image.data.length);
    const [now, later] = [
      projectedSinkhorn(image, center, { ...options, out }),
      await projectedSinkhornAsync(image, center, options),
    ];
    expect(now.images.data).toBe(out);
    expect(now).toEqual(expected);
    expect(later).toEqual(expected);
    expect(expected.iterations[1]).toBe(0);
    const stop = new AbortController();
    const call = projectedSinkhornAsync(image, center, {
      ...options,
      maxIterations: 1e9,
      tolerance: 0,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await expect(call).rejects.toThrow('enough');
  });
});

describe('conjugateSinkhorn', () => {
  it('reaches the linear program of the vector', () => {
    const [gradient, epsilon] = [{ data: w.data.map((each) => each / 100), shape: grid }, Math.sqrt(0.2)];
    const z = conjugateSinkhorn(gradient, x, { epsilon, window: 3 });
    expectNumber(sum(z.data), 100, 1e-6);
    expectNumber(dot(gradient.data, z.data) / 100, 0.1511, 1e-5);
    expectNumber(wasserstein2(z, x).distances[0] as number, epsilon, 1e-5);
  });

  it.each([
    [0.3, 5],
    [1.7, 7],
  ])('reaches linear programs up to the entropy, epsilon %d, window %d', (epsilon, window) => {
    const shape = [1, 5, 6] as const;
    for (let k = 0; k < 5; k++) {
      const center = images(shape, () => Math.max(0, next() - 0.4));
      const gradient = images(shape, () => normal(next));
      const shares = center.data.map((each) => each / sum(center.data));
      const most = linearProgram(shares, gradient.data, costs(5, 6, window), epsilon);
      for (const lambda of [10, 1e4]) {
        const z = conjugateSinkhorn(gradient, center, { epsilon, window, lambda });
        const reached = dot(gradient.data, z.data) / sum(center.data);
        expect(reached).toBeLessThanOrEqual(most + 1e-5);
        expect(reached).toBeGreaterThan(most - (2 * Math.log(window)) / lambda - 1e-5);
        expect(wasserstein2(z, center).distances[0]).toBeLessThanOrEqual(epsilon + 1e-6);
        expectNumber(sum(z.data), sum(center.data), 1e-6);
      }
    }
  });

  it('returns the center where no mass gains', () => {
    const center = images([2, 7, 7], (): number => 0);
    center.data[24] = center.data[49 + 24] = 2;
    const gradient = images([2, 7, 7], (): number => 3);
    gradient.data[0] = 9; // beyond the window
    expect(conjugateSinkhorn(gradient, center, { epsilon: 1 }).data).toEqual(center.data);
    gradient.data[49 + 25] = 4; // beside the mass of the second image
    const z = conjugateSinkhorn(gradient, center, { epsilon: 0.5 });
    expect(z.data.subarray(0, 49)).toEqual(center.data.subarray(0, 49));
    expectNumber(z.data[49 + 25] as number, 0.5, 1e-6);
  });

  it('is a step of ascent together with the projection', () => {
    const shape = [3, 8, 8] as const;
    const center = images(shape, next);
    const gradient = images(shape, () => normal(next));
    const z = conjugateSinkhorn(gradient, center, { epsilon: 0.4 });
    expect(projectedSinkhorn(z, center, { epsilon: 0.4 }).images.data).toEqual(z.data);
    // No image of the ball, such as elastic copies that were projected, has more.
    const copies = projectedSinkhorn(elastic(center, { amplitude: 20 }), center, { epsilon: 0.4 }).images;
    for (let k = 0; k < 3; k++) {
      const of = ({ data }: FloatImages) => data.subarray(64 * k, 64 * (k + 1));
      expect(dot(of(gradient), of(z))).toBeGreaterThan(dot(of(gradient), of(copies)));
    }
  });

  it('fills out, and is the same asynchronously', async () => {
    const [center, gradient] = [images([4, 6, 5, 2], next), images([4, 6, 5, 2], () => normal(next))];
    const expected = conjugateSinkhorn(gradient, center, { epsilon: 0.5 });
    const out = new Float32Array(center.data.length);
    expect(conjugateSinkhorn(gradient, center, { epsilon: 0.5, out }).data).toBe(out);
    expect(out).toEqual(expected.data);
    expect(await conjugateSinkhornAsync(gradient, center, { epsilon: 0.5 })).toEqual(expected);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(conjugateSinkhornAsync(gradient, center, { epsilon: 0.5, signal })).rejects.toThrow('enough');
  });
});

describe.each([
  ['projectedSinkhorn', projectedSinkhorn, projectedSinkhornAsync, 'images'],
  ['conjugateSinkhorn', conjugateSinkhorn, conjugateSinkhornAsync, 'gradient'],
] as const)('%s refuses', (_, now, later, name) => {
  const good = images([2, 3, 4], next);
  const options = { epsilon: 1 };
  const cases: [what: string, args: unknown[], error: ExpectedError][] = [
    ['no images', [undefined, good, options], { code: type, argument: name, received: 'undefined' }],
    ['no centers', [good, null, options], { code: type, argument: 'centers', received: 'null' }],
    [
      'another shape',
      [images([2, 4, 3], next), good, options],
      { code: range, argument: name, expected: '2 x 3 x 4 x 1', received: '2 x 4 x 3 x 1' },
    ],
    [
      'no pixels',
      [images([0, 3, 4], next), images([0, 3, 4], next), options],
      { code: range, argument: 'centers', expected: 'at least one image', received: 'none' },
    ],
    [
      'NaN',
      [{ ...good, data: good.data.map((each, i) => (i === 17 ? Number.NaN : each)) }, good, options],
      { code: range, argument: name, received: 'NaN in image 1 at row 1, column 1' },
    ],
    [
      'infinity',
      [{ ...good, data: good.data.map((each, i) => (i === 3 ? Infinity : each)) }, good, options],
      { code: range, argument: name, expected: 'at most 1000000', received: 'Infinity in image 0 at row 0, column 3' },
    ],
    [
      'a negative center',
      [good, { ...good, data: good.data.map((each, i) => (i === 17 ? -1 : each)) }, options],
      { code: range, argument: 'centers', expected: '>= 0', received: '-1 in image 1' },
    ],
    [
      'a center of zeros',
      [good, { ...good, data: new Float32Array(24) }, options],
      { code: range, argument: 'centers', received: 'only zeros in image 0' },
    ],
    ['no options', [good, good, null], { code: type, argument: 'options', received: 'null' }],
    ['no epsilon', [good, good, {}], { code: type, argument: 'epsilon', received: 'undefined' }],
    ['a radius of 0', [good, good, { epsilon: 0 }], { code: range, argument: 'epsilon', received: '0' }],
    ['lambda 0', [good, good, { ...options, lambda: 0 }], { code: range, argument: 'lambda', received: '0' }],
    ['an even window', [good, good, { ...options, window: 4 }], { code: range, argument: 'window', received: '4' }],
    ['a window of 1', [good, good, { ...options, window: 1 }], { code: range, argument: 'window', received: '1' }],
    [
      'a short array',
      [good, good, { ...options, out: new Float32Array(23) }],
      { code: range, argument: 'out', expected: '24 numbers', received: '23' },
    ],
    [
      'float64 out',
      [good, good, { ...options, out: new Float64Array(24) }],
      { code: type, argument: 'out', received: 'Float64Array(24)' },
    ],
    ['another option', [good, good, { ...options, radius: 1 }], { code: type, argument: 'options.radius' }],
  ];
  it.each(cases)('%s', async (_, args, error) => {
    expectError(
      thrownBy(() => now(...(args as [Loose, Loose, Loose]))),
      error,
    );
    expectError(await rejectionOf(() => later(...(args as [Loose, Loose, Loose]))), error);
  });

  it('and leaves out as it was', () => {
    const out = new Float32Array(24).fill(7);
    const wrong = { ...good, data: good.data.map((each, i) => (i === 23 ? Number.NaN : each)) };
    expect(thrownBy(() => now(wrong, good, { epsilon: 1, out }))).toBeInstanceOf(RangeError);
    expect(out).toEqual(new Float32Array(24).fill(7));
  });
});

it('projectedSinkhorn refuses limits that are none, and a signal that is none', async () => {
  const good = images([2, 3, 4], next);
  const cases: [Loose, ExpectedError][] = [
    [{ tolerance: -1 }, { code: range, argument: 'tolerance', received: '-1' }],
    [{ tolerance: '1' }, { code: type, argument: 'tolerance', received: "'1'" }],
    [{ maxIterations: 0 }, { code: range, argument: 'maxIterations', received: '0' }],
    [{ maxIterations: 1.5 }, { code: range, argument: 'maxIterations', received: '1.5' }],
  ];
  const wide = { data: new Float32Array(4e5).fill(1), shape: [1, 1, 4e5] as const };
  expectError(
    thrownBy(() => projectedSinkhorn(wide, wide, { epsilon: 1, window: 2 ** 31 - 1 })),
    { code: 'ERR_OUT_OF_MEMORY', argument: 'Sums over windows of 2147483647 x 2147483647 pixels' },
  );
  for (const [wrong, error] of cases)
    expectError(
      thrownBy(() => projectedSinkhorn(good, good, { epsilon: 1, ...wrong })),
      error,
    );
  expectError(await rejectionOf(() => projectedSinkhornAsync(good, good, { epsilon: 1, signal: 1 as Loose })), {
    code: type,
    argument: 'signal',
  });
});
