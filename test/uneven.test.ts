/** One cluster with nearly all the data: against 60 digits (test/fixtures/make_uneven.py), on every instruction set. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Affinity, config, fDivergence, fDivergenceNames, info, type Mode, type Objective } from '../src/index.js';
import { expectNumber } from './support/compare.js';
import { fixture } from './support/fixtures.js';
import { fromRows } from './support/matrices.js';
import { geometryObjectives, modes } from './support/objectives.js';

interface Uneven {
  kernel: number[][];
  distance: number[][];
  cases: { tau: number[][]; results: Record<string, { value: number; gradient: number[][] }> }[];
}

const { kernel, distance, cases } = fixture<Uneven>('uneven.json');
const available = (['baseline', 'neon', 'avx2', 'avx512'] as const).filter((isa) => {
  try {
    config({ isa });
    return true;
  } catch {
    return false;
  }
});
const initial = info().isa as 'avx2';

function objectives(mode: Mode): Record<string, Objective> {
  const affinities = [Affinity.precomputed(kernel, 'kernel'), Affinity.precomputed(distance, 'distance')] as const;
  // Transport has dual potentials in place of sums, and tests of its own.
  const withAffinity = geometryObjectives(mode, ...affinities).filter(({ name }) => name !== `wasserstein_${mode}`);
  return {
    ...Object.fromEntries(fDivergenceNames.map((f) => [`${f}_${mode}`, fDivergence({ mode, f })])),
    ...Object.fromEntries(withAffinity.map((objective) => [objective.name, objective])),
  };
}

const all = modes.flatMap((mode) => Object.entries(objectives(mode)));

it('every objective has its results', () => {
  for (const { results } of cases) expect(Object.keys(results).sort()).toEqual(all.map(([name]) => name).sort());
});

/** Largest error of each column, relative to the largest number in it. */
function columnErrors(actual: ArrayLike<number>, expected: number[][]): number[] {
  const k = (expected[0] as number[]).length;
  return Array.from({ length: k }, (_, a) => {
    const column = expected.map((row) => row[a] as number);
    const scale = Math.max(...column.map(Math.abs));
    return Math.max(...column.map((each, i) => Math.abs((actual[i * k + a] as number) - each))) / scale;
  });
}

describe.each(available)('%s', (isa) => {
  beforeAll(() => config({ isa }));
  afterAll(() => config({ isa: initial }));

  it.each(all)('%s', (name, objective) => {
    for (const [at, { tau, results }] of cases.entries()) {
      const expected = results[name] as { value: number; gradient: number[][] };
      const { value, gradient } = objective.valueAndGrad(fromRows(tau));
      expectNumber(value, expected.value, 1e-14, `${name}, case ${at}`);
      expect(Math.max(...columnErrors(gradient.data, expected.gradient)), `gradient of case ${at}`).toBeLessThan(1e-13);
    }
  });
});
