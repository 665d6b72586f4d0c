/** The metrics against scikit-learn's values, their definitions, and their invariances. */
import fc from 'fast-check';
import { Affinity, type Labels } from 'genmi';
import { describe, expect, it } from 'vitest';
import {
  ami,
  calinskiHarabasz,
  completeness,
  homogeneity,
  nmi,
  silhouette,
  silhouetteSamples,
  vMeasure,
} from '../src/metrics/index.js';
import { thrownBy } from './support/compare.js';
import { blobs } from './support/data.js';
import { fixture } from './support/fixtures.js';

interface LabelsCase {
  name: string;
  classes: number[];
  clusters: number[];
  nmi: number;
  ami: number;
  homogeneity: number;
  completeness: number;
  vMeasure: number;
  vMeasure2: number;
}

interface GeometryCase {
  name: string;
  x: number[][];
  labels: number[];
  silhouettes: number[];
  silhouette: number;
  manhattan: number;
  precomputed: number;
  calinskiHarabasz: number;
}

const values = fixture<{ labels: LabelsCase[]; geometry: GeometryCase[] }>('metrics.json');

describe('metrics of labels', () => {
  it.each(values.labels)('are those of scikit-learn: $name', (expected) => {
    const { classes, clusters } = expected;
    expect(nmi(classes, clusters)).toBeCloseTo(expected.nmi, 12);
    expect(ami(classes, clusters)).toBeCloseTo(expected.ami, 12);
    expect(homogeneity(classes, clusters)).toBeCloseTo(expected.homogeneity, 12);
    expect(completeness(classes, clusters)).toBeCloseTo(expected.completeness, 12);
    expect(vMeasure(classes, clusters)).toBeCloseTo(expected.vMeasure, 12);
    expect(vMeasure(classes, clusters, 2)).toBeCloseTo(expected.vMeasure2, 12);
  });

  const pair = fc
    .integer({ min: 1, max: 30 })
    .chain((n) => fc.tuple(...[4, 6].map((k) => fc.array(fc.nat(k), { minLength: n, maxLength: n }))));

  it('do not depend on names, are symmetric where they say so, and keep their range', () => {
    fc.assert(
      fc.property(pair, ([classes, clusters]) => {
        const renamed = BigInt64Array.from(clusters as number[], (k) => BigInt(1e15) * BigInt(7 - k));
        for (const metric of [nmi, ami, homogeneity, completeness, vMeasure]) {
          const value = metric(classes as number[], clusters as number[]);
          expect(metric(classes as number[], renamed)).toBe(value);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
          if (metric !== ami) expect(value).toBeGreaterThanOrEqual(0);
          expect(metric(classes as number[], classes as number[])).toBe(1);
        }
        for (const metric of [nmi, ami])
          expect(metric(clusters as number[], classes as number[])).toBeCloseTo(
            metric(classes as number[], clusters as number[]),
            12,
          );
        expect(nmi(classes as number[], clusters as number[])).toBeCloseTo(
          vMeasure(classes as number[], clusters as number[]),
          12,
        );
      }),
    );
  });

  it('expect of chance what the mean over all permutations is', () => {
    const [classes, clusters] = [
      [0, 0, 0, 1, 1, 2],
      [0, 1, 1, 1, 0, 0],
    ];
    const orders = permutations([0, 1, 2, 3, 4, 5]);
    // MI = NMI (H(class) + H(cluster)) / 2; the factor is the same for all orders.
    const mean = orders.reduce(
      (sum, order) =>
        sum +
        nmi(
          classes,
          order.map((i) => clusters[i] as number),
        ),
      0,
    );
    const expected = mean / orders.length;
    expect(ami(classes, clusters)).toBeCloseTo((nmi(classes, clusters) - expected) / (1 - expected), 13);
  });

  it('refuse labels that are none', () => {
    for (const metric of [nmi, ami, homogeneity, completeness, vMeasure]) {
      expect(thrownBy(() => metric([], []))).toMatchObject({ code: 'ERR_OUT_OF_RANGE', name: 'RangeError' });
      expect(thrownBy(() => metric([0, 1], [0]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(thrownBy(() => metric([0, -1], [0, 0]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(thrownBy(() => metric([0, 0.5], [0, 0]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(thrownBy(() => metric('ab' as unknown as Labels, [0, 0]))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
      expect(thrownBy(() => metric(['0'] as unknown as Labels, [0]))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
});

function permutations(values: number[]): number[][] {
  if (values.length <= 1) return [values];
  return values.flatMap((value, i) =>
    permutations([...values.slice(0, i), ...values.slice(i + 1)]).map((rest) => [value, ...rest]),
  );
}

describe('metrics of features', () => {
  it.each(values.geometry)('are those of scikit-learn: $name', (expected) => {
    const { x, labels } = expected;
    // scikit-learn subtracts squared norms: far from the origin its distances have 8 digits fewer than ours.
    const digits = expected.name.startsWith('far') ? 5 : 11;
    const samples = silhouetteSamples(x, labels);
    for (const [i, value] of expected.silhouettes.entries()) expect(samples[i]).toBeCloseTo(value, digits);
    expect(silhouette(x, labels)).toBeCloseTo(expected.silhouette, digits);
    expect(silhouette(x, labels, { metric: 'manhattan' })).toBeCloseTo(expected.manhattan, 11);
    const distances = Affinity.distance(x, { metric: 'euclidean' });
    expect(silhouette(distances, labels)).toBeCloseTo(expected.precomputed, digits);
    const ratio = calinskiHarabasz(x, labels) / expected.calinskiHarabasz;
    expect(ratio).toBeCloseTo(1, expected.name.startsWith('far') ? 8 : 11);
  });

  it('are the same in blocks, for any number of samples', () => {
    // 2,100 samples are three blocks of distances; their mean silhouette is that of the definition.
    const { x, classes } = blobs(3, 2100, 2, 3, 4);
    const samples = silhouetteSamples(x, classes);
    for (const i of [0, 1023, 1024, 1700, 2099])
      expect(samples[i]).toBeCloseTo(silhouetteByDefinition(x, classes, i), 12);
  });

  it('take random samples, the same for the same seed', () => {
    const { x, classes } = blobs(4, 600, 3, 3, 3);
    const exact = silhouette(x, classes);
    const sampled = silhouette(x, classes, { sampleSize: 300, seed: 5 });
    expect(sampled).not.toBe(exact);
    expect(Math.abs(sampled - exact)).toBeLessThan(0.05);
    expect(silhouette(x, classes, { sampleSize: 300, seed: 5 })).toBe(sampled);
    expect(silhouette(x, classes, { sampleSize: 300, seed: 6 })).not.toBe(sampled);
    expect(silhouette(x, classes, { sampleSize: 600 })).toBe(exact);
    const distances = Affinity.distance(x, { metric: 'euclidean' });
    expect(silhouette(distances, classes, { sampleSize: 300, seed: 5 })).toBeCloseTo(sampled, 12);
  });

  it('refuse one cluster, all singletons, and other wrong input', () => {
    const x = [[0], [1], [2]];
    for (const metric of [silhouette, silhouetteSamples, calinskiHarabasz]) {
      expect(thrownBy(() => metric(x, [0, 0, 0]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(thrownBy(() => metric(x, [0, 1, 2]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(thrownBy(() => metric(x, [0, 1]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(thrownBy(() => metric(x, []))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(thrownBy(() => metric([[0], [Number.NaN], [1]], [0, 0, 1]))).toMatchObject({
        message: expect.stringMatching(/^x\[1\]\[0\].*NaN/),
      });
    }
    expect(thrownBy(() => silhouette(x, [0, 0, 1], { sampleSize: 4 }))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(thrownBy(() => silhouette(x, [0, 0, 1], { size: 4 } as object))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    const kernel = Affinity.kernel(x, { kernel: 'linear' });
    expect(thrownBy(() => silhouette(kernel, [0, 0, 1]))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

function silhouetteByDefinition(
  { data, shape: [n, d] }: ReturnType<typeof blobs>['x'],
  labels: Int32Array,
  i: number,
): number {
  const sums = new Map<number, [sum: number, count: number]>();
  for (let j = 0; j < n; j++) {
    if (j === i) continue;
    const gaps = Array.from({ length: d }, (_, f) => (data[i * d + f] as number) - (data[j * d + f] as number));
    const [sum, count] = sums.get(labels[j] as number) ?? [0, 0];
    sums.set(labels[j] as number, [sum + Math.hypot(...gaps), count + 1]);
  }
  const means = new Map([...sums].map(([k, [sum, count]]) => [k, sum / count]));
  const a = means.get(labels[i] as number) as number;
  const b = Math.min(...[...means].filter(([k]) => k !== labels[i]).map(([, mean]) => mean));
  return (b - a) / Math.max(a, b);
}
