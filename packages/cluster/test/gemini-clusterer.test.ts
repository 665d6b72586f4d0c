/** The GEMINI clusterer: its properties, checkpoints, and what it refuses. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  Affinity,
  add,
  ari,
  config,
  entropy,
  type GeminiName,
  gemini,
  geminiNames,
  info,
  type Kernel,
  type MatrixLike,
  mmd,
} from 'genmi';
import { Network } from 'genmi/networks';
import { afterAll, describe, expect, it } from 'vitest';
import { Pace } from '../src/base/pace.js';
import { Random } from '../src/base/random.js';
import { calibrated, doubtsOf, leastCertain, probabilitiesOf } from '../src/estimators/certainty.js';
import { entryOf } from '../src/estimators/cross-kernel.js';
import { Progress } from '../src/estimators/progress.js';
import {
  ClusterError,
  categorical,
  type EpochRecord,
  type FitEpoch,
  GeminiClusterer,
  type GeminiClustererModel,
  type GeminiClustererOptions,
  kernelRim,
  linear,
  type ModelChoice,
  mlp,
  type NetworkShape,
  rim,
} from '../src/index.js';
import { expectClose, rejectionOf, thrownBy } from './support/compare.js';
import { blobs, reordered } from './support/data.js';

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-gemini-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A saved model after a journey through JSON. */
const travelled = (model: GeminiClusterer) => JSON.parse(JSON.stringify(model.save())) as GeminiClustererModel;

/** Groups at the corners of a triangle. */
function triangle(n: number, spread: number, seed = 1) {
  const random = new Random(seed);
  const classes = Int32Array.from({ length: n }, (_, i) => i % 3);
  const entries = Array.from(classes).flatMap((c) =>
    [Math.cos, Math.sin].map((f) => 3 * f((2 * Math.PI * c) / 3) + spread * random.normal()),
  );
  return { x: { data: Float64Array.from(entries), shape: [n, 2] as const }, classes };
}

const everyModel: [string, ModelChoice][] = [
  ['linear', 'linear'],
  ['mlp', 'mlp'],
  ['categorical', 'categorical'],
  ['rim', 'rim'],
  ['kernel-rim', 'kernel-rim'],
  ['layers', { layers: [{ width: 7, activation: 'tanh', batchNormalization: true }, { width: 3 }], init: 'he' }],
];

describe('a fitted clusterer', () => {
  const { x, classes } = triangle(203, 0.4);

  it.each(everyModel)('predicts the labels of its data, and keeps all when saved: %s', async (_, model) => {
    for (const features of [x, { data: Float32Array.from(x.data), shape: x.shape }]) {
      for (const precision of ['float32', 'float64'] as const) {
        const options = { model, precision, epochs: 6, batchSize: 60, restarts: 2, seed: 3, outliers: 0.1 };
        const clusterer = await new GeminiClusterer(options).fit(features);
        expect(clusterer.predict(features)).toEqual(clusterer.labels);
        const probabilities = clusterer.predictProba(features);
        expect(probabilities).toEqual(clusterer.probabilities);
        expect(probabilities.shape).toEqual([203, 3]);
        for (let i = 0; i < 203; i++) {
          expect(probabilities.data.subarray(3 * i, 3 * i + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        }
        const loaded = GeminiClusterer.load(travelled(clusterer));
        expect(loaded.labels).toEqual(clusterer.labels);
        expect(loaded.predictProba(features)).toEqual(probabilities);
        expect(loaded.score(features)).toBe(clusterer.score(features));
        expect(loaded.outliers).toEqual(clusterer.outliers);
        expect(travelled(loaded)).toEqual(travelled(clusterer));
        expect((await loaded.fit(features)).save()).toEqual(clusterer.save());
      }
    }
  });

  it.each(geminiNames)('maximises %s', async (objective) => {
    const options = { objective, model: 'linear', epochs: 30, restarts: 1, seed: 5 } as const;
    const clusterer = await new GeminiClusterer(options).fit(x);
    expect(clusterer.history.length).toBe(30);
    expect(clusterer.history.at(-1)).toBeGreaterThan(clusterer.history[0] as number);
    expect(clusterer.epochs.map(({ objective }) => objective)).toEqual(clusterer.history);
    expect(clusterer.predict(x)).toEqual(clusterer.labels);
    // The score is the objective of all samples at once, which a program of one's own finds, too.
    const affinity = objective.startsWith('mmd')
      ? Affinity.kernel(x, { kernel: 'linear', precision: 'float32' })
      : Affinity.distance(x, { metric: 'euclidean', precision: 'float32' });
    const value = gemini(objective as GeminiName, { affinity }).value(clusterer.predictProba(x));
    expectClose([clusterer.score(x)], [value], 1e-5);
  });

  it('finds blobs with its defaults: ARI 1', async () => {
    expect(ari(classes, await new GeminiClusterer().fitPredict(x))).toBe(1);
    for (const seed of [1, 2, 3, 4, 5]) {
      const { x: many, classes: groups } = blobs(60 + seed, 300, 5, 4, 0.5);
      const labels = await new GeminiClusterer({ clusters: 4, seed }).fitPredict(many);
      expect(ari(groups, labels)).toBe(1);
    }
  });

  it('finds two moons by hop distances: ARI 1', async () => {
    const random = new Random(77);
    const moons = Int32Array.from({ length: 300 }, (_, i) => i % 2);
    const entries = [...moons].flatMap((y) => {
      const side = 2 * y - 1;
      const angle = side * Math.PI * random.uniform();
      const noise = () => 0.05 * random.normal();
      return [2 * Math.cos(angle) + side + noise(), 2 * Math.sin(angle) - side / 2 + noise()];
    });
    const features = { data: Float64Array.from(entries), shape: [300, 2] as const };
    const options = { clusters: 2, objective: 'wasserstein_ovo', metric: 'hops', restarts: 3, epochs: 100 } as const;
    for (const seed of [0, 1, 2]) {
      expect(ari(moons, await new GeminiClusterer({ ...options, seed }).fitPredict(features))).toBe(1);
    }
  });

  it('is the same for the same seed, and in the same order of clusters for samples in another order', async () => {
    const options = { objective: 'mmd_ovo', epochs: 40, batchSize: 203, seed: 8, precision: 'float64' } as const;
    const one = await new GeminiClusterer(options).fit(x);
    expect((await new GeminiClusterer(options).fit(x)).save()).toEqual(one.save());
    const order = new Random(9).permutation(203);
    const other = await new GeminiClusterer(options).fit(reordered(x, order));
    expect([...other.labels]).toEqual([...order].map((i) => one.labels[i]));
    expect((await new GeminiClusterer({ ...options, seed: 9 }).fit(x)).save()).not.toEqual(one.save());
  });
});

describe('a fit that is interrupted', () => {
  const { x } = triangle(120, 1.5);
  const options = { restarts: 3, epochs: 8, batchSize: 50, seed: 4, temperature: 'restarts' } as const;

  // Two restarts run side by side, then the third.
  const order = Array.from({ length: 24 }, (_, i) => {
    return i < 16 ? { restart: 1 + (i % 2), epoch: 1 + Math.floor(i / 2) } : { restart: 3, epoch: i - 15 };
  });

  it('runs two restarts at a time, which wait for each other', async () => {
    const seen: Pick<FitEpoch, 'restart' | 'epoch'>[] = [];
    await new GeminiClusterer(options).fit(x, { onEpoch: ({ restart, epoch }) => seen.push({ restart, epoch }) });
    expect(seen).toEqual(order);
  });

  // Within a restart, at its end, and at the beginning of the next; between epochs of two restarts, and after both.
  it.each([1, 2, 7, 8, 15, 16, 17, 20, 24])(
    'goes on from its checkpoint to the same bits: after %i epochs',
    async (epochs) => {
      const checkpoint = path.join(folder, `after-${epochs}.json`);
      const controller = new AbortController();
      const reason = new Error('enough');
      let seen = 0;
      const clusterer = new GeminiClusterer(options);
      const onEpoch = () => {
        seen += 1;
        if (seen === epochs) controller.abort(reason);
      };
      const stopped = () => clusterer.fit(x, { checkpoint, signal: controller.signal, onEpoch });
      expect(await rejectionOf(stopped)).toBe(reason);
      const later: Pick<FitEpoch, 'restart' | 'epoch'>[] = [];
      const resumed = await new GeminiClusterer(options).fit(x, {
        checkpoint,
        resume: true,
        onEpoch: ({ restart, epoch }) => later.push({ restart, epoch }),
      });
      expect(later).toEqual(order.slice(epochs < 16 ? 2 * Math.ceil(epochs / 2) : epochs));
      const whole = await new GeminiClusterer(options).fit(x);
      expect(travelled(resumed)).toEqual(travelled(whole));
      const again = await new GeminiClusterer(options).fit(x, { checkpoint, resume: true });
      expect(travelled(again)).toEqual(travelled(whole));
    },
  );

  it('ends with the result so far where stop, or onEpoch, asks for it, and can go on later', async () => {
    const checkpoint = path.join(folder, 'stopped.json');
    const controller = new AbortController();
    const onEpoch = ({ restart, epoch, clusters, restarts, epochs }: FitEpoch) => {
      expect([restarts, epochs]).toEqual([3, 8]);
      expect(clusters).toBeLessThanOrEqual(3);
      if (restart === 2 && epoch === 5) controller.abort();
    };
    const clusterer = await new GeminiClusterer(options).fit(x, { checkpoint, stop: controller.signal, onEpoch });
    expect(clusterer.predict(x)).toEqual(clusterer.labels);
    const byReturn = await new GeminiClusterer(options).fit(x, {
      onEpoch: ({ restart, epoch }) => !(restart === 2 && epoch === 5),
    });
    expect(travelled(byReturn)).toEqual(travelled(clusterer));
    const resumed = await new GeminiClusterer(options).fit(x, { checkpoint, resume: true });
    expect(travelled(resumed)).toEqual(travelled(await new GeminiClusterer(options).fit(x)));
    // Before the first epoch there is a result, too.
    const none = await new GeminiClusterer(options).fit(x, { stop: AbortSignal.abort() });
    expect(none.history).toEqual([]);
    expect(none.predict(x)).toEqual(none.labels);
  });

  it('does not begin restarts again that had ended', async () => {
    // Of the two restarts, the second ends first.
    const early = { model: 'linear', restarts: 2, batchSize: 30, patience: 4, seed: 2 } as const;
    const whole: string[] = [];
    const all = await new GeminiClusterer(early).fit(x, {
      onEpoch: ({ restart, epoch }) => whole.push(`${restart}.${epoch}`),
    });
    const last = whole.findLastIndex((name) => name.startsWith('2.'));
    expect(last).toBeLessThan(whole.length - 3);
    const checkpoint = path.join(folder, 'second-first.json');
    const seen: string[] = [];
    const controller = new AbortController();
    const onEpoch = ({ restart, epoch }: FitEpoch) => {
      seen.push(`${restart}.${epoch}`);
      if (seen.length === last + 3) controller.abort(new Error('enough'));
    };
    await rejectionOf(() => new GeminiClusterer(early).fit(x, { checkpoint, signal: controller.signal, onEpoch }));
    const resumed = await new GeminiClusterer(early).fit(x, {
      checkpoint,
      resume: true,
      onEpoch: ({ restart, epoch }) => seen.push(`${restart}.${epoch}`),
    });
    expect(seen).toEqual(whole);
    expect(travelled(resumed)).toEqual(travelled(all));
  });

  it('follows signals that are not of Node', async () => {
    const long = { epochs: 1_000_000, patience: 1_000_000, restarts: 2 } as const;
    const foreign = () => Object.assign(new EventTarget(), { aborted: false, reason: undefined as unknown });
    const abortLater = (signal: ReturnType<typeof foreign>, reason: unknown) =>
      setTimeout(() => {
        Object.assign(signal, { aborted: true, reason });
        signal.dispatchEvent(new Event('abort'));
      }, 50);
    const stop = foreign();
    abortLater(stop, undefined);
    const stopped = await new GeminiClusterer(long).fit(x, { stop: stop as unknown as AbortSignal });
    expect(stopped.history.length).toBeLessThan(1_000_000);
    const reason = new Error('enough');
    const signal = Object.assign(foreign(), {
      throwIfAborted(this: { aborted: boolean; reason: unknown }) {
        if (this.aborted) throw this.reason;
      },
    });
    abortLater(signal, reason);
    expect(
      await rejectionOf(() => new GeminiClusterer(long).fit(x, { signal: signal as unknown as AbortSignal })),
    ).toBe(reason);
  });

  it('calibrates with the restarts that were whole when it was stopped', async () => {
    const { epochs } = options;
    const atTheEnd = await new GeminiClusterer({ ...options, restarts: 2 }).fit(x, {
      onEpoch: ({ epoch }) => epoch < epochs,
    });
    expect(atTheEnd.temperature).not.toBe(1);
  });

  it('keeps the estimator as it was, and reports progress', async () => {
    const clusterer = await new GeminiClusterer(options).fit(x);
    const { labels } = clusterer;
    const reason = new Error('enough');
    const shares: number[] = [];
    expect(await rejectionOf(() => clusterer.fit(x, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 30);
    const long = new GeminiClusterer({ epochs: 1_000_000, patience: 1_000_000 });
    expect(await rejectionOf(() => long.fit(x, { signal: controller.signal }))).toBe(reason);
    const failing = () => Promise.reject(reason);
    expect(await rejectionOf(() => clusterer.fit(x, { onEpoch: failing }))).toBe(reason);
    expect(clusterer.labels).toBe(labels);
    const slow = new GeminiClusterer({ epochs: 1500, restarts: 2, batchSize: 120 });
    await slow.fit(x, {
      onProgress(done, standing) {
        shares.push(done);
        expect(standing?.objective).toBeGreaterThan(0);
        expect(standing?.clusters).toBeLessThanOrEqual(3);
      },
    });
    expect(shares.at(-1)).toBe(1);
    expect(shares.length).toBeGreaterThan(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  it('writes checkpoints whole, and refuses those that are not of this fit', async () => {
    const own = path.join(folder, 'own');
    mkdirSync(own);
    const checkpoint = path.join(own, 'fit.json');
    // Each look at the file, from the first epoch on, finds a whole one.
    const onEpoch = () => {
      expect(JSON.parse(readFileSync(checkpoint, 'utf8'))).toMatchObject({ format: 'genmi-cluster checkpoint' });
    };
    await new GeminiClusterer(options).fit(x, { checkpoint, onEpoch });
    expect(readdirSync(own)).toEqual(['fit.json']);
    const resume = (other: GeminiClustererOptions, data: MatrixLike = x, file = checkpoint) =>
      rejectionOf(() => new GeminiClusterer(other).fit(data, { checkpoint: file, resume: true }));
    const foreign = { code: 'ERR_FORMAT', message: expect.stringMatching(/a checkpoint of this fit/) };
    expect(await resume({ ...options, seed: 5 })).toMatchObject(foreign);
    expect(await resume(options, reordered(x, new Random(1).permutation(120)))).toMatchObject(foreign);
    writeFileSync(checkpoint, readFileSync(checkpoint, 'utf8').slice(0, 100));
    expect(await resume(options)).toMatchObject({ code: 'ERR_FORMAT' });
    writeFileSync(checkpoint, '{"labels":[]}');
    expect(await resume(options)).toMatchObject({ code: 'ERR_FORMAT' });
    writeFileSync(checkpoint, '{"format":"genmi-cluster checkpoint","version":7}');
    expect(await resume(options)).toMatchObject({ message: expect.stringMatching(/version 2, received version 7/) });
    expect(await resume(options, x, own)).toMatchObject({ code: 'ERR_FILE' });
    const nowhere = path.join(folder, 'nowhere', 'fit.json');
    const error = await rejectionOf(() => new GeminiClusterer(options).fit(x, { checkpoint: nowhere }));
    expect(error).toBeInstanceOf(ClusterError);
    expect(error).toMatchObject({ code: 'ERR_FILE' });
    const begun = await new GeminiClusterer(options).fit(x, { checkpoint: path.join(own, 'new.json'), resume: true });
    expect(travelled(begun)).toEqual(travelled(await new GeminiClusterer(options).fit(x)));
  });
});

describe('shorthands', () => {
  it('are clusterers of one model', async () => {
    const { x } = triangle(40, 0.5);
    const options = { clusters: 3, epochs: 5, seed: 2 };
    for (const [make, model] of [
      [linear, 'linear'],
      [mlp, 'mlp'],
      [categorical, 'categorical'],
      [rim, 'rim'],
      [kernelRim, 'kernel-rim'],
    ] as const) {
      const whole = await new GeminiClusterer({ ...options, model }).fit(x);
      expect((await make(options).fit(x)).save()).toEqual(whole.save());
    }
  });
});

/**
 * The epochs of restarts, of which two run at a time and end where they are well behind the best one that has ended, or
 * the one beside them: from the losses of whole restarts.
 */
function lengthsOfRestarts(losses: readonly (readonly number[])[], least: number, share: number): number[] {
  const mean = (of: readonly number[]) => of.reduce((sum, loss) => sum + loss, 0) / of.length;
  const lengths = losses.map(() => 0);
  const settled: { loss: number; history: readonly number[] }[] = [];
  let running = [0, 1];
  for (let next = 2; running.length > 0; ) {
    for (const r of running) lengths[r] = (lengths[r] as number) + 1;
    const best = settled.toSorted((a, b) => a.loss - b.loss)[0]?.history ?? [];
    const goesOn = (r: number) => {
      const epoch = lengths[r] as number;
      const own = losses[r] as number[];
      const beside = running.filter((other) => (lengths[other] as number) >= epoch).map((other) => losses[other]);
      const others = best.length > 0 ? [...beside, best] : beside;
      const behind = others.some((other) => {
        const loss = other?.[Math.min(epoch, other.length) - 1] as number;
        return epoch >= least && (own[epoch - 1] as number) > loss + share * Math.abs(loss);
      });
      return epoch < own.length && !behind;
    };
    const ending = running.filter((r) => !goesOn(r));
    for (const r of ending) {
      const history = (losses[r] as number[]).slice(0, lengths[r]);
      settled.push({ loss: mean(history.slice(-Math.ceil(history.length / 10))), history });
    }
    running = running.filter((r) => !ending.includes(r));
    while (running.length < 2 && next < losses.length) running.push(next++);
  }
  return lengths;
}

describe('restarts and patience', () => {
  const { x } = triangle(100, 1.5, 3);

  it('keep the restart with the smallest mean loss in its last tenth', async () => {
    const options = { model: 'linear', epochs: 20, batchSize: 30, seed: 11, patience: 100 } as const;
    const losses: number[] = [0, 0, 0, 0];
    const clusterer = new GeminiClusterer({ ...options, restarts: 4 });
    await clusterer.fit(x, {
      onEpoch({ restart, epoch, loss }) {
        if (epoch > 18) losses[restart - 1] = (losses[restart - 1] as number) + loss / 2;
      },
    });
    expect(clusterer.restart).toBe(losses.indexOf(Math.min(...losses)) + 1);
    const one = await new GeminiClusterer({ ...options, restarts: 1 }).fit(x);
    expect(one.restart).toBe(1);
  });

  it('give the same bits for any number of threads', async () => {
    const fit = () => new GeminiClusterer({ model: 'linear', batchSize: 20, patience: 5, seed: 2 }).fit(x);
    const { threads } = info();
    const models: GeminiClustererModel[] = [];
    try {
      for (const each of [1, 2, 3, 8]) {
        config({ threads: each });
        models.push(travelled(await fit()));
      }
    } finally {
      config({ threads });
    }
    for (const model of models) expect(model).toEqual(models[0]);
  });

  it.each<[string, GeminiClustererOptions, number]>([
    ['an objective of the user', { model: 'linear', objective: gemini('mi') }, 60],
    ['transport', { model: 'linear', objective: 'wasserstein_ova' }, 60],
    ['a kernel with more than 2^25 entries', { model: 'kernel-rim', batchSize: 3000, clusters: 2 }, 5800],
  ])('run one at a time with %s', async (_, options, n) => {
    const seen: string[] = [];
    const { data } = triangle(n, 1.5, 3).x;
    await new GeminiClusterer({ ...options, restarts: 2, epochs: 2 }).fit(
      { data: data.subarray(0, n), shape: [n, 1] },
      { onEpoch: ({ restart, epoch }) => void seen.push(`${restart}.${epoch}`) },
    );
    expect(seen).toEqual(['1.1', '1.2', '2.1', '2.2']);
  });

  it('report the epochs of both that ended together, though onEpoch asks for the end at the first one', async () => {
    const seen: string[] = [];
    await new GeminiClusterer({ model: 'linear', epochs: 9, restarts: 3 }).fit(x, {
      onEpoch({ restart, epoch }) {
        seen.push(`${restart}.${epoch}`);
        return !(restart === 1 && epoch === 2);
      },
    });
    expect(seen).toEqual(['1.1', '2.1', '1.2', '2.2']);
  });

  it('name the failure of the first restart where all fail', async () => {
    const failure = async (seed: number, restarts: number) => {
      const options = { model: 'mlp', batchSize: 50, epochs: 9, learningRate: 1e18, seed, restarts } as const;
      return ((await rejectionOf(() => new GeminiClusterer(options).fit(x))) as Error).message;
    };
    const alone = await Promise.all(Array.from({ length: 6 }, (_, seed) => failure(seed, 1)));
    expect(new Set(alone).size).toBeGreaterThan(1);
    for (const [seed, message] of alone.entries()) expect(await failure(seed, 2)).toBe(message);
  });

  it('end with the first error, and end the other training, too', async () => {
    const reason = new Error('enough');
    const kept: string[] = [];
    const failing = new GeminiClusterer({ epochs: 1000, restarts: 2, patience: 1000 }).fit(x, {
      onEpoch({ restart, epoch }) {
        kept.push(`${restart}.${epoch}`);
        if (restart === 2 && epoch === 2) throw reason;
      },
    });
    expect(await rejectionOf(() => failing)).toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(kept).toEqual(['1.1', '2.1', '1.2', '2.2']);
  });

  it('end a training without progress', async () => {
    const stalled = (epochs: readonly EpochRecord[], patience?: number) => new Progress(patience, epochs).stalled;
    const history = (...losses: number[]) => losses.map((loss) => ({ loss }) as EpochRecord);
    expect(stalled(history(-1, -2, -2, -2), 2)).toBe(true);
    expect(stalled(history(-1, -2, -2, -3), 2)).toBe(false);
    expect(stalled(history(-1, -2, -2.0001, -2.0001), 2)).toBe(true);
    expect(stalled(history(-1, -2, -2.0003, -2.0003), 2)).toBe(false);
    expect(stalled(history(1, 1, 1), undefined)).toBe(false);
    const options = { model: 'linear', epochs: 5000, batchSize: 100, restarts: 1, learningRate: 0.1 } as const;
    const clusterer = await new GeminiClusterer({ ...options, patience: 30 }).fit(x);
    expect(clusterer.history.length).toBeLessThan(1000);
    expect(stalled(clusterer.epochs, 30)).toBe(true);
    expect(stalled(clusterer.epochs.slice(0, -1), 30)).toBe(false);
    // By default: never for a number of epochs that was asked for, else after 100 steps.
    const steps = { model: 'linear', batchSize: 25, restarts: 1 } as const;
    expect((await new GeminiClusterer({ ...steps, epochs: 450 }).fit(x)).history.length).toBe(450);
    const usual = await new GeminiClusterer(steps).fit(x);
    expect(usual.history.length).toBeLessThan(400);
    expect(stalled(usual.epochs, 25)).toBe(true);
    expect((await new GeminiClusterer({ ...steps, batchSize: 100 }).fit(x)).history.length).toBe(400);
  });

  it('end a restart that is well behind the best one', async () => {
    const random = new Random(5);
    const centres = Array.from({ length: 12 * 8 }, () => 3 * random.normal());
    const entries = Float32Array.from({ length: 600 * 8 }, (_, e) => {
      return (centres[(Math.floor(e / 8) % 12) * 8 + (e % 8)] as number) + random.normal();
    });
    const groups = { data: entries, shape: [600, 8] as const };
    const losses = async (options: GeminiClustererOptions) => {
      const all: number[][] = [];
      const common = { clusters: 12, model: 'linear', batchSize: 60, patience: 8, epochs: 150 } as const;
      const fit = await new GeminiClusterer({ ...common, ...options }).fit(groups, {
        onEpoch({ restart, loss }) {
          const of = all[restart - 1] ?? [];
          all[restart - 1] = of;
          of.push(loss);
        },
      });
      return { all, fit };
    };
    const { all, fit } = await losses({});
    const whole = await losses({ temperature: 'restarts' });
    expect(fit.labels).toEqual(whole.fit.labels);
    for (const [r, own] of all.entries()) expect(own).toEqual((whole.all[r] as number[]).slice(0, own.length));
    const lengths = lengthsOfRestarts(whole.all, 16, 0.03);
    expect(all.map(({ length }) => length)).toEqual(lengths);
    const ended = lengths.filter((length, r) => length < (whole.all[r] as number[]).length).length;
    expect(ended).toBeGreaterThan(2);
  });
});

describe('pairs', () => {
  it('bring samples together, and apart', async () => {
    const { x } = triangle(90, 0.4, 6);
    const common = { model: 'mlp', epochs: 150, learningRate: 0.02, restarts: 3 } as const;
    const free = await new GeminiClusterer(common).fit(x);
    // Samples 0 and 3 are of one group, 0 and 1 of two.
    expect(free.labels[0]).toBe(free.labels[3]);
    expect(free.labels[0]).not.toBe(free.labels[1]);
    const far = [[0, 1], [3, 4], [6, 7], [9, 10]] as const; // biome-ignore format: pairs
    const bound = await new GeminiClusterer({ ...common, pairs: { mustLink: far, factor: 2 } }).fit(x);
    for (const [a, b] of far) expect(bound.labels[a]).toBe(bound.labels[b]);
    const near = [[0, 3]] as const;
    const parted = await new GeminiClusterer({
      ...common,
      model: 'categorical',
      pairs: { cannotLink: near, factor: 5 },
    }).fit(x);
    expect(parted.labels[0]).not.toBe(parted.labels[3]);
    const loaded = GeminiClusterer.load(travelled(bound));
    expect((await loaded.fit(x)).save()).toEqual(bound.save());
  });
});

describe('certainty', () => {
  it('orders samples by doubt, and calls a share of them outliers', async () => {
    const logits = { data: Float64Array.of(50, 0, 1, 0, 0, 0, 3, 0, 0, 60), shape: [5, 2] as const };
    const doubts = doubtsOf(logits, 1);
    // -log of the largest probability, by hand.
    const expected = [50, 1, 0, 3, 60].map((gap) => Math.log1p(Math.exp(-gap)));
    expectClose(doubts, expected, 1e-15);
    expect([...leastCertain(doubts, 0.5)]).toEqual([2, 1]);
    expect([...leastCertain(doubts, 0.99)]).toEqual([2, 1, 3, 0]);
    expect([...leastCertain(doubts, 0)]).toEqual([]);
    const { x } = triangle(100, 1.2, 7);
    const clusterer = await new GeminiClusterer({ outliers: 0.07, epochs: 50 }).fit(x);
    expect(clusterer.outliers.length).toBe(7);
    const largest = Array.from({ length: 100 }, (_, i) =>
      Math.max(...clusterer.probabilities.data.subarray(3 * i, 3 * i + 3)),
    );
    const bound = Math.max(...Array.from(clusterer.outliers, (i) => largest[i] as number));
    expect(largest.filter((p) => p < bound).length).toBeLessThan(7);
    const marked = [...clusterer.predictOutliers(x)].flatMap((outlier, i) => (outlier ? [i] : []));
    expect(marked).toEqual([...clusterer.outliers].sort((a, b) => a - b));
    expect([...(await new GeminiClusterer({ epochs: 5 }).fit(x)).predictOutliers(x)]).toEqual(Array(100).fill(0));
  });

  const pace = new Pace({});

  it('is calibrated by the temperature that predicts other clusterings best', async () => {
    const random = new Random(12);
    const [n, k] = [400, 3];
    const logits = { data: Float64Array.from({ length: n * k }, () => 8 * random.normal()), shape: [n, k] as const };
    // Labels drawn with a temperature of 4, under other names.
    const p = probabilitiesOf(logits, 4).data;
    const draw = () =>
      Int32Array.from({ length: n }, (_, i) => {
        const u = random.uniform();
        const c = u < (p[3 * i] as number) ? 0 : u < (p[3 * i] as number) + (p[3 * i + 1] as number) ? 1 : 2;
        return (c + 1) % 3;
      });
    const others = [draw(), draw(), draw(), draw()];
    const found = await calibrated(logits, others, pace);
    const loss = (temperature: number) => {
      const q = probabilitiesOf(logits, temperature).data;
      return others.reduce(
        (sum, labels) =>
          sum - labels.reduce((own, label, i) => own + Math.log(q[3 * i + ((label + 2) % 3)] as number), 0),
        0,
      );
    };
    expect(loss(found)).toBeLessThan(loss(found * 1.01));
    expect(loss(found)).toBeLessThan(loss(found / 1.01));
    expect(Math.abs(found - 4)).toBeLessThan(0.5);
    // Others that always agree ask for all the certainty that there is.
    expect(await calibrated(logits, [largest(logits.data)], pace)).toBeCloseTo(0.01, 3);
    // Of many samples some are enough.
    const many = { data: new Float64Array(60 * n * k), shape: [60 * n, k] as const };
    for (let copy = 0; copy < 60; copy++) many.data.set(logits.data, copy * n * k);
    const labels = others.map((each) => Int32Array.from({ length: 60 * n }, (_, i) => each[i % n] as number));
    expect(await calibrated(many, labels, pace)).toBeGreaterThan(found / 1.2);
    expect(await calibrated(many, labels, pace)).toBeLessThan(found * 1.2);
  });

  const largest = (data: Float64Array) =>
    Int32Array.from({ length: data.length / 3 }, (_, i) => {
      const row = [...data.subarray(3 * i, 3 * i + 3)];
      return row.indexOf(Math.max(...row));
    });

  it('is calibrated by the restarts that are not kept', async () => {
    const { x } = triangle(80, 1, 8);
    const found = new Set<number>();
    for (let seed = 0; seed < 8; seed++) {
      const options = { epochs: 10, seed, model: 'linear' } as const;
      const clusterer = await new GeminiClusterer({ ...options, restarts: 2, temperature: 'restarts' }).fit(x);
      found.add(clusterer.restart);
      if (clusterer.restart === 1) continue;
      const first = await new GeminiClusterer({ ...options, restarts: 1 }).fit(x);
      const logits = { data: Float32Array.from(clusterer.save().logits), shape: [80, 3] as const };
      expect(clusterer.temperature).toBe(await calibrated(logits, [first.labels], pace));
    }
    expect([...found].sort()).toEqual([1, 2]);
  });

  it('divides logits by the temperature, which changes no label', async () => {
    const { x } = triangle(80, 1, 8);
    const options = { epochs: 30, restarts: 2, seed: 1 } as const;
    const plain = await new GeminiClusterer(options).fit(x);
    const soft = await new GeminiClusterer({ ...options, temperature: 5 }).fit(x);
    expect(soft.labels).toEqual(plain.labels);
    // Stopped in its first restarts, a fit has no others to calibrate with.
    const stopped = { onEpoch: ({ epoch }: FitEpoch) => epoch < 5 };
    expect((await new GeminiClusterer({ ...options, temperature: 'restarts' }).fit(x, stopped)).temperature).toBe(1);
    const [p, q] = [plain.probabilities.data, soft.probabilities.data];
    for (let i = 0; i < 80; i++) {
      const odds = Math.log((p[3 * i] as number) / (p[3 * i + 1] as number));
      expect(Math.log((q[3 * i] as number) / (q[3 * i + 1] as number))).toBeCloseTo(odds / 5, 8);
    }
  });
});

describe('models', () => {
  const { x } = triangle(60, 0.5, 2);

  it.each<[Kernel, object?]>([
    ['linear'],
    ['rbf'],
    ['rbf', { gamma: 0.3 }],
    ['laplacian'],
    ['polynomial', { degree: 2, coef0: 0.5 }],
    ['poly'],
    ['sigmoid', { gamma: 0.1 }],
    ['cosine'],
    ['additive_chi2'],
    ['chi2'],
    ['gaussian'],
  ])("compare samples by genmi's kernels: %s %o", async (kernel, parameters = {}) => {
    const random = new Random(5);
    const data = Float64Array.from({ length: 48 }, () => random.uniform());
    const features = { data, shape: [12, 4] as const };
    data.fill(0, 4, 8); // a row without length
    const expected = Affinity.kernel(features, { kernel, ...parameters, storage: 'dense' }).toMatrix();
    const entry = entryOf({ kernel, ...parameters }, 4);
    const found = Float64Array.from({ length: 144 }, (_, e) => entry(data, 4 * Math.floor(e / 12), data, 4 * (e % 12)));
    expectClose(found, expected.data, 1e-14);
    const model = await new GeminiClusterer({ model: 'kernel-rim', kernel: { kernel, ...parameters }, epochs: 3 }).fit(
      features,
    );
    expect(model.predict(features)).toEqual(model.labels);
  });

  it('are functions, too, which load needs again', async () => {
    const model = ({ inputs, outputs, precision, seed }: NetworkShape) =>
      Network.lassoNet({ inputs, outputs, precision, seed, layers: [{ width: 6, activation: 'tanh' }] });
    const options = { model, epochs: 5, restarts: 2, penalty: { hierarchical: { alpha: 0.01 } } };
    const clusterer = await new GeminiClusterer(options).fit(x);
    const saved = travelled(clusterer);
    expect(saved.options.model).toBe('custom');
    expect(thrownBy(() => GeminiClusterer.load(saved))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/^custom\.model: .*load\(model, \{ model \}\)/),
    });
    expect(GeminiClusterer.load(saved, { model }).predictProba(x)).toEqual(clusterer.predictProba(x));
    const narrow = () => Network.linear({ inputs: 1, outputs: 3 });
    expect(await rejectionOf(() => new GeminiClusterer({ model: narrow }).fit(x))).toMatchObject({
      message: expect.stringMatching(/^model\(\): expected a network of 2 inputs and 3 outputs, received 1 inputs/),
    });
    const nothing = (() => 3) as never;
    expect(await rejectionOf(() => new GeminiClusterer({ model: nothing }).fit(x))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });

  it('maximise an objective of the user, which load needs again for a score', async () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf', gamma: 0.5 });
    const objective = add(mmd({ mode: 'ova', affinity }), entropy({ of: 'proportions' }));
    const clusterer = await new GeminiClusterer({ objective, epochs: 10 }).fit(x);
    expect(clusterer.score(x)).toBeCloseTo(objective.value(clusterer.probabilities), 5);
    const saved = travelled(clusterer);
    const bare = GeminiClusterer.load(saved);
    expect(bare.predict(x)).toEqual(clusterer.labels);
    expect(thrownBy(() => bare.score(x))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/give it: load\(model, \{ objective \}\)/),
    });
    expect(GeminiClusterer.load(saved, { objective }).score(x)).toBe(clusterer.score(x));
  });

  it('take an affinity of the user, hop distances, and the optimisers', async () => {
    const options = { objective: 'mmd_ova', epochs: 5, precision: 'float64' } as const;
    const affinity = Affinity.kernel(x, { kernel: 'linear' });
    const given = await new GeminiClusterer({ ...options, kernel: 'rbf' }).fit(x, { affinity });
    const own = await new GeminiClusterer(options).fit(x);
    expectClose(given.probabilities.data, own.probabilities.data, 1e-12);
    expect(given.score(x, { affinity })).toBeCloseTo(own.score(x), 12);
    for (const metric of ['hops', { hops: { neighbors: 6 } }, { hops: { threshold: 0.9 } }, 'l1'] as const) {
      const walked = await new GeminiClusterer({ objective: 'wasserstein_ovo', metric, epochs: 5 }).fit(x);
      expect(GeminiClusterer.load(travelled(walked)).score(x)).toBe(walked.score(x));
    }
    for (const optimizer of ['sgd', { name: 'adam', decay: 'linear' }, { name: 'rmsprop', rho: 0.9 }] as const) {
      const clusterer = await new GeminiClusterer({ ...options, optimizer, epochs: 40 }).fit(x);
      expect(clusterer.history.at(-1)).toBeGreaterThan(clusterer.history[0] as number);
    }
    const smooth = await new GeminiClusterer({ ...options, objective: 'mi', vat: { epsilon: 0.1 } }).fit(x);
    expect(smooth.epochs.at(-1)?.vat).toBeGreaterThan(0);
  });

  it('give copies of their networks', async () => {
    const clusterer = await new GeminiClusterer({ epochs: 5 }).fit(x);
    const { network } = clusterer;
    expect(network.predict(x)).toEqual(clusterer.labels);
    network.load({ ...network.parameters(), 'head.bias': { data: [100, 0, 0] } });
    expect(clusterer.predict(x)).toEqual(clusterer.labels);
  });
});

describe('bad input', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    ['an unknown option', () => new GeminiClusterer({ k: 3 } as object), 'ERR_INVALID_ARG_TYPE', /^options\.k/],
    ['no cluster', () => new GeminiClusterer({ clusters: 0 }), 'ERR_OUT_OF_RANGE', /^clusters/],
    ['a model', () => new GeminiClusterer({ model: 'cnn' as never }), 'ERR_OUT_OF_RANGE', /^model: .*'mlp'/],
    ['a model that is a number', () => new GeminiClusterer({ model: 3 as never }), 'ERR_INVALID_ARG_TYPE', /^model/],
    ['a layer', () => new GeminiClusterer({ model: { layers: [{ width: 0 }] } }), 'ERR_OUT_OF_RANGE', /^layers\[0\]\.width/],
    ['an objective', () => new GeminiClusterer({ objective: 'mmd' as never }), 'ERR_OUT_OF_RANGE', /^objective: .*mmd_ova/],
    ['an objective of others', () => new GeminiClusterer({ objective: { name: 'x' } as never }), 'ERR_INVALID_ARG_TYPE', /^objective/],
    ['a kernel', () => new GeminiClusterer({ kernel: 'rfb' as never }), 'ERR_OUT_OF_RANGE', /^kernel/],
    ['a kernel that the model cannot have', () => new GeminiClusterer({ model: 'kernel-rim', kernel: { kernel: 'rbf', gamma: 'median' } }), 'ERR_OUT_OF_RANGE', /^kernel\.gamma/],
    ['a metric', () => new GeminiClusterer({ metric: 'euclid' as never }), 'ERR_OUT_OF_RANGE', /^metric/],
    ['hops', () => new GeminiClusterer({ metric: { hops: { quantile: 2 } } }), 'ERR_OUT_OF_RANGE', /^quantile/],
    ['neighbours of hops', () => new GeminiClusterer({ metric: { hops: { neighbors: 0 } } }), 'ERR_OUT_OF_RANGE', /^neighbors/],
    ['two graphs', () => new GeminiClusterer({ metric: { hops: { neighbors: 3, quantile: 0.1 } } }), 'ERR_OUT_OF_RANGE', /./],
    ['hops that are not there', () => new GeminiClusterer({ metric: {} as never }), 'ERR_INVALID_ARG_TYPE', /^metric\.hops/],
    ['no epoch', () => new GeminiClusterer({ epochs: 0 }), 'ERR_OUT_OF_RANGE', /^epochs/],
    ['a batch', () => new GeminiClusterer({ batchSize: 1.5 }), 'ERR_OUT_OF_RANGE', /^batchSize/],
    ['a learning rate', () => new GeminiClusterer({ learningRate: 0 }), 'ERR_OUT_OF_RANGE', /^learningRate: expected a finite number > 0/],
    ['an optimiser', () => new GeminiClusterer({ optimizer: 'lbfgs' as never }), 'ERR_OUT_OF_RANGE', /^optimizer/],
    ["an optimiser's option", () => new GeminiClusterer({ optimizer: { name: 'sgd', beta1: 0 } as never }), 'ERR_INVALID_ARG_TYPE', /beta1/],
    ['a pair in both lists', () => new GeminiClusterer({ pairs: { mustLink: [[0, 1]], cannotLink: [[1, 0]] } }), 'ERR_OUT_OF_RANGE', /./],
    ['a seed', () => new GeminiClusterer({ seed: 0.5 }), 'ERR_OUT_OF_RANGE', /^seed/],
    ['no restart', () => new GeminiClusterer({ restarts: 0 }), 'ERR_OUT_OF_RANGE', /^restarts/],
    ['patience', () => new GeminiClusterer({ patience: -1 }), 'ERR_OUT_OF_RANGE', /^patience/],
    ['all as outliers', () => new GeminiClusterer({ outliers: 1 }), 'ERR_OUT_OF_RANGE', /^outliers: expected a share in \[0, 1\)/],
    ['a temperature', () => new GeminiClusterer({ temperature: 0 }), 'ERR_OUT_OF_RANGE', /^temperature/],
    ['a temperature of one restart', () => new GeminiClusterer({ temperature: 'restarts', restarts: 1 }), 'ERR_OUT_OF_RANGE', /^restarts/],
    ['a start for many restarts', () => new GeminiClusterer({ start: {}, restarts: 2 }), 'ERR_OUT_OF_RANGE', /^restarts/],
    ['null as pairs', () => new GeminiClusterer({ pairs: null as never }), 'ERR_INVALID_ARG_TYPE', /^options/],
    ['a precision', () => new GeminiClusterer({ precision: 'float16' as never }), 'ERR_OUT_OF_RANGE', /^precision/],
    ['no fit', () => new GeminiClusterer().predict([[1]]), 'ERR_INVALID_ARG_TYPE', /call fit first/],
    ['another model', () => GeminiClusterer.load({ estimator: 'kauri', version: 1 } as never), 'ERR_OUT_OF_RANGE', /^model\.estimator/],
    ['a model of another version', () => GeminiClusterer.load({ estimator: 'gemini', version: 2 } as never), 'ERR_OUT_OF_RANGE', /^model\.version/],
  ])('is refused: %s', (_, call, code, message) => {
    expect(thrownBy(call)).toMatchObject({ code, message: expect.stringMatching(message) });
  }); // biome-ignore format: a table

  const { x } = triangle(30, 0.5);
  it.each<[string, (clusterer: GeminiClusterer) => Promise<unknown>, string, RegExp]>([
    ['fewer rows than clusters', (c) => c.fit([[1], [2]]), 'ERR_OUT_OF_RANGE', /^x: expected at least 3 rows/],
    ['a number that is not finite', (c) => c.fit([[1], [Number.NaN], [3]]), 'ERR_OUT_OF_RANGE', /^x\[1\]\[0\]/],
    ['a ragged row', (c) => c.fit([[1], [2, 3], [3]]), 'ERR_OUT_OF_RANGE', /^x\[1\]/],
    ['an unknown option', (c) => c.fit(x, { epochs: 3 } as object), 'ERR_INVALID_ARG_TYPE', /^options\.epochs/],
    ['a callback', (c) => c.fit(x, { onEpoch: 3 as never }), 'ERR_INVALID_ARG_TYPE', /^onEpoch/],
    ['a checkpoint', (c) => c.fit(x, { checkpoint: 3 as never }), 'ERR_INVALID_ARG_TYPE', /^checkpoint/],
    ['resume without a checkpoint', (c) => c.fit(x, { resume: true }), 'ERR_OUT_OF_RANGE', /^checkpoint/],
    ['a signal', (c) => c.fit(x, { signal: 3 as never }), 'ERR_INVALID_ARG_TYPE', /^signal/],
    ['an affinity of others', (c) => c.fit(x, { affinity: Affinity.kernel([[1], [2]], { kernel: 'linear' }) }), 'ERR_OUT_OF_RANGE', /^affinity: expected one over the 30 samples/],
    ['a pair beyond the data', () => new GeminiClusterer({ objective: 'mi', pairs: { mustLink: [[2, 30]] } }).fit(x), 'ERR_OUT_OF_RANGE', /^pairs: expected row numbers below 30, received 30/],
    ['a start without parameters', () => new GeminiClusterer({ model: 'linear', start: { 'head.bias': { data: [1] } } }).fit(x), 'ERR_INVALID_ARG_TYPE', /^start\['head.weights'\]: .* with 6 numbers, 2 x 3/],
    ['a start of another shape', () => new GeminiClusterer({ model: 'linear', start: { 'head.weights': { data: [1] } } }).fit(x), 'ERR_OUT_OF_RANGE', /^start\['head.weights'\]/],
    ['a start of another model', () => new GeminiClusterer({ model: 'linear', start: { 'skip.weights': { data: [1] } } }).fit(x), 'ERR_INVALID_ARG_TYPE', /^start\.skip/],
    ['a penalty of another model', () => new GeminiClusterer({ penalty: { kernel: 1 } }).fit(x), 'ERR_OUT_OF_RANGE', /^penalty\.kernel/],
    ['numbers that explode', () => new GeminiClusterer({ learningRate: 1e38, epochs: 5 }).fit(x), 'ERR_NOT_FINITE', /^fit: .*lower the learning rate/],
    ['negative features of a chi-squared kernel', () => new GeminiClusterer({ model: 'kernel-rim', kernel: 'chi2' }).fit(x), 'ERR_OUT_OF_RANGE', /^x\[\d+\]\[\d\]: expected a number >= 0/],
    ['another width', async (c) => (await c.fit(x)).predict([[1]]), 'ERR_OUT_OF_RANGE', /^x: expected 2 columns/],
    ['new samples of a categorical model', async () => (await new GeminiClusterer({ model: 'categorical' }).fit(x)).predict([[1, 2]]), 'ERR_OUT_OF_RANGE', /^x: expected the samples of fit/],
  ])('is refused by fit: %s', async (_, call, code, message) => {
    expect(await rejectionOf(() => call(new GeminiClusterer({ epochs: 3 })))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  }); // biome-ignore format: a table
});
