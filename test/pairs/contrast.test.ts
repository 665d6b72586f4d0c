/** NT-Xent and InfoNCE: vectors of the specification, their definitions, and their properties. */
import { describe, expect, it } from 'vitest';
import { infoNce, type Matrix, ntXent } from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { centralDifferences } from '../support/differences.js';
import { fromRows, toFloat32, toRows } from '../support/matrices.js';
import { localView as l, globalView as m } from '../support/pair-losses.js';
import { gaussian, random } from '../support/random.js';

const next = random(192);
const dot = (x: readonly number[], y: readonly number[]) =>
  x.reduce((sum, each, i) => sum + each * (y[i] as number), 0);
const logSumExp = (numbers: readonly number[]) => {
  const largest = Math.max(...numbers);
  return largest + Math.log(numbers.reduce((sum, each) => sum + Math.exp(each - largest), 0));
};

/** The mean of -log softmax(s)[positive] over all 2n rows. */
function ntXentByDefinition(a: Matrix, b: Matrix, temperature: number): number {
  const z = [...toRows(a), ...toRows(b)].map((row) => row.map((each) => each / Math.hypot(...row)));
  const n = z.length / 2;
  const losses = z.map((row, i) => {
    const scores = z.map((other) => dot(row, other) / temperature);
    return logSumExp(scores.filter((_, j) => j !== i)) - (scores[(i + n) % (2 * n)] as number);
  });
  return losses.reduce((sum, each) => sum + each, 0) / (2 * n);
}

/** The vectors of a sample's locations: feature u at location p is number u P + p. */
function locationsOf(b: Matrix, units: number): number[][][] {
  const locations = b.shape[1] / units;
  return toRows(b).map((row) =>
    Array.from({ length: locations }, (_, p) =>
      Array.from({ length: units }, (_, u) => row[u * locations + p] as number),
    ),
  );
}

function infoNceByDefinition(a: Matrix, b: Matrix, selfMask = -Infinity): number {
  const locations = locationsOf(b, a.shape[1]);
  const losses = toRows(a).flatMap((row, i) => {
    const scores = locations.map((of) => of.map((each) => dot(row, each)));
    const own = scores[i] as number[];
    const negatives = [...scores.filter((_, j) => j !== i).flat(), ...own.map(() => selfMask)];
    return own.map((positive) => logSumExp([positive, ...negatives]) - positive);
  });
  return losses.reduce((sum, each) => sum + each, 0) / losses.length;
}

describe('NT-Xent', () => {
  it('has the value and the gradient of the vector, checked against autograd', () => {
    const [a, b] = [
      [
        [1, 0.5],
        [-0.3, 0.8],
      ],
      [
        [0.9, 0.2],
        [-0.6, 1.1],
      ],
    ];
    const { value, gradients } = ntXent().valueAndGrad(a as number[][], b as number[][]);
    expectNumber(value, 0.219280413986, 1e-11);
    expectClose(
      [...gradients[0].data, ...gradients[1].data],
      [-0.1143849538, 0.2287699075, 0.2700701322, 0.1012762996, -0.0240782769, 0.108352246, 0.0993896001, 0.0542125091],
      1e-9,
    );
  });

  it.each([
    [2, 1],
    [3, 2],
    [8, 5],
    [9, 16],
    [40, 17],
    [130, 33],
  ])('holds its definition for %i pairs in %i dimensions', (n, d) => {
    for (const temperature of [0.01, 0.5, 20]) {
      const [a, b] = [gaussian(next, n, d), gaussian(next, n, d)];
      const expected = ntXentByDefinition(a, b, temperature);
      expectNumber(ntXent({ temperature }).value(a, b), expected, 1e-12, 'value', Math.max(1, expected));
    }
  });

  it('is 0, without a slope, for a single pair', () => {
    const { value, gradients } = ntXent().valueAndGrad([[1, 2]], [[3, -1]]);
    expect(value).toBe(0);
    expectClose([...gradients[0].data, ...gradients[1].data], [0, 0, 0, 0], 0, 'gradients', 1);
  });

  it('is log(2n - 1) for embeddings that are all alike', () => {
    const all = fromRows(Array.from({ length: 7 }, () => [0.3, -0.4]));
    expectNumber(ntXent().value(all, all), Math.log(13), 1e-13);
  });

  it('knows directions alone: its gradient is at right angles to each row, whatever its length', () => {
    const [a, b] = [gaussian(next, 6, 3), gaussian(next, 6, 3)];
    const { value, gradients } = ntXent().valueAndGrad(a, b);
    for (const [i, row] of toRows(gradients[0]).entries())
      expect(Math.abs(dot(row, toRows(a)[i] as number[]))).toBeLessThan(1e-14);
    for (const size of [1e-300, 1e-160, 1e160, 1e300]) {
      const scaled = { data: a.data.map((each) => size * each), shape: a.shape };
      const other = ntXent().valueAndGrad(scaled, b);
      expectNumber(other.value, value, 1e-12);
      if (size > 1e-300)
        expectClose(
          other.gradients[0].data.map((each) => size * each),
          gradients[0].data,
          1e-12,
        );
    }
  });

  it('loses no digit at a low temperature, where exponentials of whole rows vanish', () => {
    // By hand: three axes, each with its opposite as its positive. Row i has scores -1/T and 0, 0, 0, 0: the loss is
    // log(exp(-1/T) + 4) + 1/T, and 1/T = 1000.
    const axes = fromRows([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const opposite = { data: axes.data.map((each) => -each), shape: axes.shape };
    for (const [a, b] of [
      [axes, opposite],
      [toFloat32(axes), toFloat32(opposite)],
    ] as const)
      expectNumber(ntXent({ temperature: 0.001 }).value(a, b), 1000 + Math.log(4), 1e-13);
  });

  it.each([1e-30, 1, 1e30])('is computed in float32 as in float64, for rows of a size about %f', (size) => {
    const scaled = ({ data, shape }: Matrix) => ({ data: Float32Array.from(data, (each) => size * each), shape });
    const exactly = ({ data, shape }: Matrix) => ({ data: Float64Array.from(data), shape });
    const [a, b] = [scaled(gaussian(next, 37, 19)), scaled(gaussian(next, 37, 19))];
    for (const temperature of [0.002, 0.1, 1, 300]) {
      const loss = ntXent({ temperature });
      const single = loss.valueAndGrad(a, b);
      const exact = loss.valueAndGrad(exactly(a), exactly(b));
      expectNumber(single.value, exact.value, 1e-6);
      for (const side of [0, 1] as const) {
        const times = (each: number) => size * each;
        const error = 1e-6 + 2e-7 / temperature; // float32 has cosines to 1e-7, and a score is a cosine / T
        expectClose([...single.gradients[side].data].map(times), exact.gradients[side].data.map(times), error);
      }
    }
  });
});

describe('InfoNCE', () => {
  it('has the values of the vector', () => {
    expectNumber(infoNce({ selfMask: -10 }).value(m, l), 2.26041564231, 1e-11);
    expectNumber(infoNce().value(m, l), 2.26040448306, 1e-11);
  });

  it.each([
    [1, 2, 3],
    [2, 1, 1],
    [5, 3, 4],
    [17, 16, 2],
    [34, 20, 9],
  ])('holds its definition for %i samples, %i features and %i locations', (n, units, locations) => {
    const [a, b] = [gaussian(next, n, units), gaussian(next, n, units * locations)];
    for (const selfMask of [undefined, -10, 3]) {
      const expected = infoNceByDefinition(a, b, selfMask);
      expectNumber(infoNce({ selfMask }).value(a, b), expected, 1e-12, 'value', Math.max(1, expected));
    }
  });

  it('has the gradients that central differences of the definition find, over locations', () => {
    const [a, b] = [gaussian(next, 5, 3), gaussian(next, 5, 12)];
    for (const selfMask of [undefined, -1]) {
      const { gradients } = infoNce({ selfMask }).valueAndGrad(a, b);
      expect(gradients.map(({ shape }) => shape)).toEqual([a.shape, b.shape]);
      const ofA = (data: Float64Array) => infoNceByDefinition({ data, shape: a.shape }, b, selfMask);
      const ofB = (data: Float64Array) => infoNceByDefinition(a, { data, shape: b.shape }, selfMask);
      expectClose(gradients[0].data, centralDifferences(ofA, a.data), 1e-9, 'dL/da');
      expectClose(gradients[1].data, centralDifferences(ofB, b.data), 1e-9, 'dL/db');
    }
  });

  it('is exact where scores are large', () => {
    // By hand: scores 1e6 and -1e6 of two samples: the loss of each is log(1 + exp(2e6 - 0)) with the wrong sign.
    const [a, b] = [fromRows([[1000], [-1000]]), fromRows([[-1000], [1000]])];
    expectNumber(infoNce().value(a, b), 2e6, 1e-15);
    expect(infoNce().value(a, a)).toBe(0);
  });
});
