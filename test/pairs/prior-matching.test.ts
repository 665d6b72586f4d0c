/** The losses of prior matching: their definitions, gradients by differences, and what they refuse. */
import { describe, expect, it } from 'vitest';
import { deepInfoMax, type Matrix, priorMatching } from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { centralDifferences } from '../support/differences.js';
import { expectError, thrownBy } from '../support/errors.js';
import { random } from '../support/random.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

const next = random(67);
const scores = (n: number, size = 3): Matrix<Float64Array> => ({
  data: Float64Array.from({ length: n }, () => size * (2 * next() - 1)),
  shape: [n, 1],
});
const mean = (numbers: Float64Array, of: (score: number) => number) =>
  numbers.reduce((sum, each) => sum + of(each), 0) / numbers.length;
const sp = (x: number) => Math.log1p(Math.exp(x));

/** dvalue/dscores by central differences. */
const differences = (of: Matrix<Float64Array>, value: (moved: Matrix<Float64Array>) => number) =>
  centralDifferences((data) => value({ ...of, data }), of.data);

describe('prior matching', () => {
  it('has the losses of its definition, and exact gradients', () => {
    const { discriminator, encoder } = priorMatching({ gamma: 0.1 });
    const [prior, encoded] = [scores(7), scores(4)];
    const { value, gradients } = discriminator(prior, encoded);
    expectNumber(value, mean(prior.data, (s) => sp(-s)) + mean(encoded.data, sp), 1e-15);
    expectClose(
      gradients[0].data,
      differences(prior, (moved) => discriminator(moved, encoded).value),
      1e-9,
    );
    expectClose(
      gradients[1].data,
      differences(encoded, (moved) => discriminator(prior, moved).value),
      1e-9,
    );
    const own = encoder(encoded);
    expectNumber(own.value, 0.1 * mean(encoded.data, (s) => sp(-s)), 1e-15);
    expectClose(
      own.gradient.data,
      differences(encoded, (moved) => encoder(moved).value),
      1e-9,
    );
    expect(own.gradient.shape).toEqual([4, 1]);
  });

  // Positives of the estimator are scores of the prior, negatives those of encodings: with a of one feature, s_ij = b_j.
  it('is the measure GAN of Deep InfoMax', () => {
    const encoded = scores(2);
    const views = [
      { data: Float64Array.of(1, 1), shape: [2, 1] },
      { data: encoded.data, shape: [2, 1] },
    ] as const;
    const expected = deepInfoMax({ measure: 'GAN', mode: 'global' }).value(views[0], views[1]);
    expectNumber(priorMatching().discriminator(encoded, encoded).value, expected, 1e-14);
  });

  it('is 2 log 2 for scores of 0, finite for large ones, and keeps the precision', () => {
    const zero = [[0], [0]];
    expectNumber(priorMatching().discriminator(zero, zero).value, 2 * Math.LN2, 1e-15);
    const far = { data: Float32Array.of(1e30, -1e30), shape: [2, 1] } as const;
    const { value, gradients } = priorMatching().discriminator(far, far);
    expectNumber(value, 1e30, 1e-7);
    expect([...gradients[0].data, ...gradients[1].data]).toEqual([-0, -0.5, 0.5, 0]);
    expect(gradients[0].data).toBeInstanceOf(Float32Array);
  });

  it('refuses other shapes, scores that are not finite, and other options', () => {
    const { discriminator, encoder } = priorMatching();
    const good = [[1]];
    expectError(
      thrownBy(() => discriminator(good, [[1, 2]])),
      { code: range, argument: 'encoded', received: '1 x 2' },
    );
    expectError(
      thrownBy(() => discriminator([[Number.NaN]], good)),
      { code: range, argument: 'prior', received: 'NaN at row 0' },
    );
    expectError(
      thrownBy(() => encoder({ data: new Float32Array(0), shape: [0, 1] })),
      { code: range, argument: 'encoded', expected: 'n >= 1' },
    );
    expectError(
      thrownBy(() => encoder(undefined as Loose)),
      { code: type, argument: 'encoded' },
    );
    expectError(
      thrownBy(() => priorMatching({ gamma: 0 })),
      { code: range, argument: 'gamma', received: '0' },
    );
    expectError(
      thrownBy(() => priorMatching({ measure: 'JSD' } as Loose)),
      { code: type, argument: 'options.measure' },
    );
  });
});
