/** The estimators of Deep InfoMax: the vector of the specification, their definitions, and their gradients. */
import { describe, expect, it } from 'vitest';
import { deepInfoMax, donskerVaradhan, type InfoMaxMeasure, type Matrix, type PairLoss } from '../../src/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { centralDifferences } from '../support/differences.js';
import { expectError, thrownBy } from '../support/errors.js';
import { fromRows, toFloat32, toRows } from '../support/matrices.js';
import { localView as l, globalView as m } from '../support/pair-losses.js';
import { gaussian, random } from '../support/random.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

const next = random(193);
const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/** The scores of positives and of negatives; feature u at location p is number u P + p. */
function scoresOf(a: Matrix, b: Matrix) {
  const [positives, negatives]: [number[], number[]] = [[], []];
  const [units, locations] = [a.shape[1], b.shape[1] / a.shape[1]];
  for (const [i, x] of toRows(a).entries())
    for (const [j, y] of toRows(b).entries())
      for (let p = 0; p < locations; p++) {
        let score = 0;
        for (let u = 0; u < units; u++) score += (x[u] as number) * (y[u * locations + p] as number);
        (i === j ? positives : negatives).push(score);
      }
  return { positives, negatives };
}

const sp = (x: number) => Math.log1p(Math.exp(x));
const definitions: Record<InfoMaxMeasure, readonly [a: (u: number) => number, b: (u: number) => number]> = {
  JSD: [(u) => Math.LN2 - sp(-u), (u) => sp(-u) + u - Math.LN2],
  GAN: [(u) => -sp(-u), (u) => sp(u)],
  KL: [(u) => u, (u) => Math.exp(u - 1)],
  RKL: [(u) => -Math.exp(-u), (u) => u - 1],
  H2: [(u) => 1 - Math.exp(-u), (u) => Math.exp(u) - 1],
  X2: [(u) => u ** 2, (u) => -((Math.abs(u) + 1) ** 2) / 2],
  W1: [(u) => u, (u) => u],
};

const fenchel = Object.entries(definitions).map(([measure, [a, b]]): [string, PairLoss, typeof byDonsker] => [
  measure,
  deepInfoMax({ measure: measure as InfoMaxMeasure }),
  (x, y) => {
    const { positives, negatives } = scoresOf(x, y);
    return mean(negatives.map(b)) - mean(positives.map(a));
  },
]);

function byDonsker(x: Matrix, y: Matrix): number {
  const { positives, negatives } = scoresOf(x, y);
  return Math.log(mean(negatives.map(Math.exp))) - mean(positives);
}

const all: typeof fenchel = [...fenchel, ['Donsker-Varadhan', donskerVaradhan(), byDonsker]];

describe('the vector of the specification', () => {
  it.each([
    ['JSD', 0.483523158454],
    ['GAN', 1.86981751957],
    ['KL', 0.845782596301],
    ['RKL', 2.64848529655],
    ['H2', 3.94000157099],
    ['X2', -5.02460852833],
    ['W1', 0.05275],
  ] as const)('%s', (measure, expected) => {
    expectNumber(deepInfoMax({ measure }).value(m, l), expected, 1e-11);
  });

  it('Donsker-Varadhan', () => expectNumber(donskerVaradhan().value(m, l), 0.83682886097, 1e-11));

  it('gives the gradients of JSD from dL/du, checked against autograd', () => {
    const bySlot = [
      -0.02475452173, -0.157053021463, 0.033779610701, 0.01667992877, 0.007765780705, 0.062245657693, 0.04269770615,
      0.056887914909, -0.082583353583, -0.073607030191, 0.052301276179, 0.033924334128, 0.020201014452, 0.077787842408,
      0.047421319104, 0.063580351122, -0.018966668971, -0.125043350933,
    ];
    const [byA, byB] = [new Float64Array(6), new Float64Array(12)];
    for (let at = 0; at < 18; at++) {
      const [i, j, p] = [Math.floor(at / 6), Math.floor(at / 2) % 3, at % 2];
      for (let u = 0; u < 2; u++) {
        byA[2 * i + u] = (byA[2 * i + u] as number) + (bySlot[at] as number) * (l.data[4 * j + 2 * u + p] as number);
        byB[4 * j + 2 * u + p] =
          (byB[4 * j + 2 * u + p] as number) + (bySlot[at] as number) * (m.data[2 * i + u] as number);
      }
    }
    const { gradients } = deepInfoMax().valueAndGrad(m, l);
    expectClose(gradients[0].data, byA, 1e-11);
    expectClose(gradients[1].data, byB, 1e-11);
  });
});

describe.each(all)('%s', (_, loss, definition) => {
  it.each([
    [2, 1, 1],
    [5, 3, 4],
    [17, 16, 2],
    [34, 20, 3],
  ])('holds its definition for %i samples, %i features, %i locations', (n, units, locations) => {
    const [a, b] = [gaussian(next, n, units, 0.5), gaussian(next, n, units * locations, 0.5)];
    const expected = definition(a, b);
    expectNumber(loss.value(a, b), expected, 1e-12, 'float64', Math.max(1, Math.abs(expected)));
    expectNumber(loss.value(toFloat32(a), toFloat32(b)), expected, 1e-5, 'float32', Math.max(1, Math.abs(expected)));
  });

  it('has the gradients that central differences find', () => {
    const [a, b] = [gaussian(next, 4, 3), gaussian(next, 4, 6)];
    const { gradients } = loss.valueAndGrad(a, b);
    const ofA = (data: Float64Array) => definition({ data, shape: a.shape }, b);
    const ofB = (data: Float64Array) => definition(a, { data, shape: b.shape });
    expectClose(gradients[0].data, centralDifferences(ofA, a.data, 1e-4), 1e-8, 'dL/da');
    expectClose(gradients[1].data, centralDifferences(ofB, b.data, 1e-4), 1e-8, 'dL/db');
  });

  it('refuses a single sample, which has no negatives', () => {
    expectError(
      thrownBy(() => loss.value([[1]], [[2]])),
      { code: range, argument: 'a', expected: 'at least two rows', received: '1' },
    );
  });
});

describe('large scores', () => {
  const [a, b] = [fromRows([[1000], [-1000]]), fromRows([[1], [-1]])];
  // By hand: positives 1000, negatives -1000, where a softplus is 0 or its argument.
  it('lose no digit', () => {
    expectNumber(deepInfoMax({ measure: 'JSD' }).value(a, b), -2 * Math.LN2, 1e-15);
    expectNumber(deepInfoMax({ measure: 'GAN' }).value(b, { data: a.data.map((x) => -x), shape: [2, 1] }), 2000, 1e-15);
    expectNumber(donskerVaradhan().value(a, b), -2000, 1e-15);
  });

  it('that overflow are an error', () => {
    expectError(
      thrownBy(() => deepInfoMax({ measure: 'KL' }).value(a, { data: b.data.map((x) => -x), shape: [2, 1] })),
      { code: range, argument: 'a and b', received: 'an overflow' },
    );
  });
});

describe('options', () => {
  it('are checked', () => {
    const cases: [Loose, Parameters<typeof expectError>[1]][] = [
      [{ measure: 'DV' }, { code: range, argument: 'measure', expected: "'JSD', 'GAN'", received: "'DV'" }],
      [{ mode: 'both' }, { code: range, argument: 'mode', expected: "'local', 'global'" }],
      [{ alpha: 1 }, { code: type, argument: 'options.alpha' }],
    ];
    for (const [options, error] of cases)
      expectError(
        thrownBy(() => deepInfoMax(options)),
        error,
      );
  });

  it("'global' takes views of one shape alone", () => {
    const [a, b] = [gaussian(next, 3, 2), gaussian(next, 3, 4)];
    expect(deepInfoMax().value(a, b)).toBeTypeOf('number');
    expectError(
      thrownBy(() => deepInfoMax({ mode: 'global' }).value(a, b)),
      { code: range, argument: 'b', expected: '3 x 2', received: '3 x 4' },
    );
  });
});
