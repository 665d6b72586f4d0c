/** Trainings on pairs of views: they find clusters, are the loop by hand, resume bit for bit, and end when asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ari, iic, infoNce, kl, ntXent, type PairLoss } from '../../src/index.js';
import {
  adam,
  type HeadGroup,
  Network,
  type PairEpoch,
  type PairTrainOptions,
  type Perturb,
  sgd,
  train,
  trainPairs,
  type ViewRequest,
} from '../../src/networks/index.js';
import { affine, affineAsync } from '../../src/perturbations/index.js';
import { expectNumber } from '../support/compare.js';
import { expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { gaussian, random } from '../support/random.js';

const next = random(29);
const N = 120;
const K = 3;
const classes = Array.from({ length: N }, (_, i) => i % K);
const noise = gaussian(next, N, 2, 0.4);
const x = {
  data: noise.data.map(
    (z, at) => z + 6 * ((at % 2 === 0 ? [0, 1, 0.5] : [0, 0, 1])[classes[at >> 1] as number] as number),
  ),
  shape: [N, 2] as const,
};

/** Copies with Gaussian noise, of the seed and the place alone. */
const noisy: Perturb = ({ rows, seed }) => {
  const noise = gaussian(random(seed % 2 ** 31), rows.length, 2, 0.5);
  return {
    data: noise.data.map((z, at) => z + (x.data[2 * (rows[at >> 1] as number) + (at % 2)] as number)),
    shape: noise.shape,
  };
};
const heads: HeadGroup[] = [
  { clusters: K, count: 2 },
  { clusters: 7, count: 3, weight: 0.5 },
];
const OUTPUTS = 2 * K + 3 * 7;
const network = (outputs = OUTPUTS, precision: 'float32' | 'float64' = 'float32') =>
  Network.dense({ inputs: 2, layers: [{ width: 20, batchNormalization: true }], outputs, precision, seed: 1 });
const options = (changed: Partial<PairTrainOptions> = {}): PairTrainOptions => ({
  ...{ samples: N, perturb: noisy, loss: iic(), heads, copies: 2 },
  epochs: 6,
  batchSize: 50,
  optimizer: adam({ learningRate: 0.01, decay: 'linear' }),
  seed: 5,
  ...changed,
});
const bits = (of: Network) =>
  Object.values(of.parameters()).map(({ data }) => Buffer.from(data.slice().buffer).toString('hex'));
const withoutSeconds = (history: readonly PairEpoch[]) => history.map(({ seconds, ...others }) => others);
const clustersOf = (of: Network, { columns: [first, end] }: PairEpoch['best']) => {
  const { data } = of.logits(x);
  return classes.map((_, i) => {
    const row = data.subarray(i * of.outputs + first, i * of.outputs + end);
    return row.indexOf(Math.max(...row));
  });
};

describe('a training on pairs', () => {
  it('finds three clusters, by the head of the least loss', async () => {
    const trained = network();
    const { history, stopped } = await trainPairs(trained, { ...options(), epochs: 40 });
    expect(stopped).toBe('finished');
    const { best, heads: all, loss, penalty } = history.at(-1) as PairEpoch;
    expect(ari(classes, clustersOf(trained, best))).toBeGreaterThan(0.9);
    expect(all.map(({ group }) => group)).toEqual([0, 0, 1, 1, 1]);
    expect(all.map(({ columns }) => columns)).toEqual([
      [0, 3],
      [3, 6],
      [6, 13],
      [13, 20],
      [20, 27],
    ]);
    const [a, b, ...others] = all.map((head) => head.loss) as [number, number, ...number[]];
    expect(best.loss).toBe(Math.min(a, b));
    expectNumber(loss, (a + b) / 2 + (0.5 * others.reduce((sum, each) => sum + each, 0)) / 3, 1e-12);
    expect(penalty).toBe(0);
    for (const {
      columns: [first, end],
      clusters,
      entropies,
    } of all) {
      expect(clusters).toBeLessThanOrEqual(end - first);
      for (const each of Object.values(entropies)) {
        expect(each).toBeGreaterThanOrEqual(0);
        expect(each).toBeLessThanOrEqual(Math.log(end - first));
      }
    }
    expect(best.clusters).toBe(K);
    expect(best.entropies.proportions).toBeGreaterThan(1); // at most log 3 = 1.1
  });

  it('asks for views of each sample once an epoch, copies next to each other, by seeds of their own', async () => {
    const requests: ViewRequest[] = [];
    const perturb: Perturb = (request, signal) => {
      requests.push({ rows: request.rows.slice(), seed: request.seed });
      return noisy(request, signal);
    };
    await trainPairs(network(), { ...options({ perturb }), epochs: 2 });
    expect(requests.map(({ rows }) => rows.length)).toEqual([100, 100, 100, 100, 40, 40, 100, 100, 100, 100, 40, 40]);
    const ofEpoch = (epoch: number, view: number) =>
      requests
        .slice(6 * epoch, 6 * epoch + 6)
        .filter((_, i) => i % 2 === view)
        .flatMap(({ rows }) => [...rows]);
    for (const epoch of [0, 1]) {
      const order = ofEpoch(epoch, 0);
      expect(order).toEqual(ofEpoch(epoch, 1));
      expect(order.filter((row, i) => row !== order[i - (i % 2)])).toEqual([]);
      expect([...new Set(order)].sort((a, b) => a - b)).toEqual(
        [...x.shape].flatMap(() => classes.map((_, i) => i)).slice(0, N),
      );
    }
    expect(ofEpoch(0, 0)).not.toEqual(ofEpoch(1, 0));
    expect(new Set(requests.map(({ seed }) => seed)).size).toBe(12);
    for (const { seed } of requests) expect(Number.isSafeInteger(seed) && seed >= 0).toBe(true);
  });

  const losses: [PairLoss, Parameters<PairLoss['value']>[2]][] = [
    [iic({ lambda: 1.2 }), { from: 'logits' }],
    [ntXent(), {}],
    [infoNce(), {}],
  ];
  it.each(losses)('is the loop by hand in one call: $name', async (loss, from) => {
    for (const precision of ['float32', 'float64'] as const) {
      const [one, other] = [network(OUTPUTS, precision), network(OUTPUTS, precision)];
      const requests: ViewRequest[] = [];
      const perturb: Perturb = (request, signal) => {
        requests.push({ rows: request.rows.slice(), seed: request.seed });
        return noisy(request, signal);
      };
      const epochs = 2;
      const rate = { learningRate: 0.1, momentum: 0.5 };
      const { history } = await trainPairs(one, { ...options({ perturb, loss }), epochs, optimizer: sgd(rate) });
      const rule = sgd(rate);
      const groups = [0, 0, 1, 1, 1].map((g, h) => ({
        first: [0, 3, 6, 13, 20][h] as number,
        width: [3, 7][g] as number,
        factor: [1 / 2, 0.5 / 3][g] as number,
      }));
      const sums = Array.from({ length: epochs }, () => groups.map(() => 0));
      for (let step = 0; step < requests.length / 2; step++) {
        const views = [requests[2 * step], requests[2 * step + 1]].map(
          (request) => noisy(request as ViewRequest, new AbortController().signal) as typeof x,
        );
        const n = views[0]?.shape[0] as number;
        const both = { data: Float64Array.from(views.flatMap(({ data }) => [...data])), shape: [2 * n, 2] as const };
        const logits = other.forward(both);
        const gradient = new Float64Array(2 * n * OUTPUTS);
        for (const [h, { first, width, factor }] of groups.entries()) {
          const part = (from: number) => ({
            data:
              logits.data.constructor === Float32Array
                ? Float32Array.from(
                    { length: n * width },
                    (_, i) => logits.data[(from + Math.floor(i / width)) * OUTPUTS + first + (i % width)] as number,
                  )
                : Float64Array.from(
                    { length: n * width },
                    (_, i) => logits.data[(from + Math.floor(i / width)) * OUTPUTS + first + (i % width)] as number,
                  ),
            shape: [n, width] as const,
          });
          const { value, gradients } = loss.valueAndGrad(part(0), part(n), from);
          (sums[Math.floor(step / 3)] as number[])[h] =
            (sums[Math.floor(step / 3)]?.[h] as number) + (value * n) / 2 / N;
          for (const view of [0, 1] as const)
            for (const [i, each] of gradients[view].data.entries())
              gradient[(view * n + Math.floor(i / width)) * OUTPUTS + first + (i % width)] = -factor * each;
        }
        other.backward({ data: gradient, shape: [2 * n, OUTPUTS] });
        rule.step(other);
      }
      const digits = precision === 'float32' ? 4 : 12;
      for (const [name, { data }] of Object.entries(one.parameters()))
        for (const [at, w] of data.entries())
          expect(w).toBeCloseTo(other.parameters()[name]?.data[at] as number, digits);
      for (const [e, epoch] of history.entries())
        for (const [h, head] of epoch.heads.entries()) expect(head.loss).toBeCloseTo(sums[e]?.[h] as number, digits);
    }
  });

  it('has the same bits for any number of threads, with and without onEpoch, and for views at once or later', async () => {
    const of = async (changed: Partial<PairTrainOptions>, pairs: Partial<PairTrainOptions> = {}) => {
      const trained = network();
      const { history } = await trainPairs(trained, { ...options(pairs), ...changed });
      return [bits(trained), withoutSeconds(history)];
    };
    const expected = await of({});
    for (const threads of [1, 2, 3]) expect(await of({ threads })).toEqual(expected);
    expect(await of({ onEpoch: () => sleep(1) })).toEqual(expected);
    const later: Perturb = async (request, signal) => {
      await sleep(1);
      return noisy(request, signal);
    };
    expect(await of({}, { perturb: later })).toEqual(expected);
    expect(await of({}, { perturb: [noisy, later] })).toEqual(expected);
    expect(await of({ seed: 6 })).not.toEqual(expected);
  });

  it('takes images of genmi/perturbations, and the default of one head', async () => {
    const images = {
      data: Uint8Array.from({ length: N * 64 }, (_, i) => (i * i) % 256),
      shape: [N, 8, 8] as const,
      scale: 1 / 255,
    };
    const of = async (perturb: Perturb) => {
      const trained = Network.dense({ inputs: 64, layers: [{ width: 8 }], outputs: 4, seed: 2 });
      const run = await trainPairs(trained, { samples: N, perturb, loss: iic(), epochs: 2, batchSize: 32 });
      expect(run.history[1]?.heads).toHaveLength(1);
      return bits(trained);
    };
    const expected = await of((request) => affine(images, { ...request, rotation: 20 }));
    expect(await of((request, signal) => affineAsync(images, { ...request, signal, rotation: 20 }))).toEqual(expected);
  });

  it('takes views in one array that is used again and again', async () => {
    const [one, other] = [network(), network()];
    const room = new Float64Array(2 * 100);
    const reuse: Perturb = (request, signal) => {
      const { data, shape } = noisy(request, signal) as typeof x;
      room.set(data);
      return { data: room.subarray(0, data.length), shape };
    };
    await trainPairs(one, options());
    await trainPairs(other, options({ perturb: reuse }));
    expect(bits(one)).toEqual(bits(other));
  });

  it('takes penalties', async () => {
    const trained = network();
    const { history } = await trainPairs(trained, { ...options(), penalty: { l2: 0.5, groupLasso: 0.01 } });
    const last = history.at(-1) as PairEpoch;
    expect(last.penalty).toBeGreaterThan(0);
    const losses = last.heads.map(({ loss }) => loss);
    const weights = [1 / 2, 1 / 2, 1 / 6, 1 / 6, 1 / 6];
    expectNumber(
      last.loss,
      last.penalty + losses.reduce((sum, each, h) => sum + each * (weights[h] as number), 0),
      1e-12,
    );
  });

  it('lets perturbations read the network', async () => {
    const trained = network();
    const seen: number[] = [];
    const perturb: Perturb = async (request, signal) => {
      const { data } = await trained.logitsAsync(x);
      seen.push(data[0] as number);
      return noisy(request, signal);
    };
    await trainPairs(trained, { ...options({ perturb }), epochs: 1 });
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(3); // both views of a step see the same network
    const [other] = [network()];
    await trainPairs(other, { ...options(), epochs: 1 });
    expect(bits(trained)).toEqual(bits(other));
  });
});

describe('a training on pairs that is interrupted', () => {
  it('goes on bit for bit, after an epoch and at any step', async () => {
    const whole = network();
    const { history } = await trainPairs(whole, options());
    for (const steps of [1, 2, 3, 4, 7, 11, 17]) {
      const [first, second] = [network(), network()];
      const controller = new AbortController();
      let asked = 0;
      const perturb: Perturb = (request, signal) => {
        if (asked++ === 2 * steps + 1) controller.abort();
        return noisy(request, signal);
      };
      const aborted = await trainPairs(first, { ...options({ perturb }), signal: controller.signal });
      expect(aborted.stopped).toBe('aborted');
      expect(aborted.history).toHaveLength(Math.floor(steps / 3));
      const resumed = await trainPairs(second, { ...options(), seed: 99, resume: aborted.snapshot() });
      expect(resumed.stopped).toBe('finished');
      expect(withoutSeconds([...aborted.history, ...resumed.history])).toEqual(withoutSeconds(history));
      expect(bits(second)).toEqual(bits(whole));
    }
  });

  it('reports steps, those before a snapshot among them', async () => {
    const first = network();
    const { snapshot } = await trainPairs(first, { ...options(), onEpoch: ({ epoch }) => epoch < 2 });
    const seen: [number, number][] = [];
    await trainPairs(network(), {
      ...options(),
      resume: snapshot(),
      onProgress: ({ step, steps }) => seen.push([step, steps]),
    });
    expect(seen.at(-1)).toEqual([18, 18]);
    const done = await trainPairs(network(), { ...options(), epochs: 2, resume: snapshot() });
    expect([done.stopped, done.history]).toEqual(['finished', []]);
  });

  it('leaves a network that is whole, wherever it is aborted', async () => {
    for (let at = 0; at < 12; at++) {
      const trained = network();
      const controller = new AbortController();
      const run = trainPairs(trained, { ...options(), epochs: 1000, signal: controller.signal });
      for (let turn = 0; turn < 5 * at; turn++) await sleep(0);
      controller.abort();
      expect((await run).stopped).toBe('aborted');
      for (const { data } of Object.values(trained.parameters())) expect(data.every(Number.isFinite)).toBe(true);
      await trainPairs(trained, { ...options(), epochs: 1 });
    }
  });

  it('does not wait for views after an abort', async () => {
    const controller = new AbortController();
    let told = false;
    const perturb: Perturb = (_, signal) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          told = true;
        });
        setImmediate(() => controller.abort());
      });
    const { stopped } = await trainPairs(network(), { ...options({ perturb }), signal: controller.signal });
    expect([stopped, told]).toEqual(['aborted', true]);
  });

  it('is as it was before the epoch where a number is not finite', async () => {
    const trained = network();
    let asked = 0;
    const before: string[][] = [];
    const perturb: Perturb = (request, signal) => {
      const { data, shape } = noisy(request, signal) as typeof x;
      return { data: asked++ < 8 ? data : data.map((z) => z * 1e37), shape };
    };
    const { stopped, message, history } = await trainPairs(trained, {
      ...options({ perturb }),
      onEpoch: () => {
        before.push(bits(trained));
      },
    });
    expect([stopped, history.length]).toEqual(['non-finite', 1]);
    expect(message).toMatch(/^step 2 of epoch 2: /);
    expect(bits(trained)).toEqual(before[0]);
  });

  it('ends with an error of a perturbation, and keeps the steps before', async () => {
    const [trained, other] = [network(), network()];
    let asked = 0;
    const failing: Perturb = (request, signal) => {
      if (asked++ === 7) throw new Error('no views');
      return noisy(request, signal);
    };
    await expect(trainPairs(trained, options({ perturb: failing }))).rejects.toThrow('no views');
    await expect(
      trainPairs(network(), options({ perturb: () => Promise.reject(new Error('no views')) })),
    ).rejects.toThrow('no views');
    await trainPairs(other, { ...options(), onEpoch: () => false });
    expect(bits(trained)).toEqual(bits(other));
    await trainPairs(trained, { ...options(), epochs: 1 });
  });
});

describe('errors of a training on pairs', () => {
  const objectives = { objective: kl({ mode: 'ova' }) };
  const wrong: [string, unknown, Parameters<typeof expectError>[1]][] = [];
  const add = (argument: string, changed: object, code: 'ERR_OUT_OF_RANGE' | 'ERR_INVALID_ARG_TYPE') =>
    wrong.push([`${argument}, ${Object.keys(changed)}`, { ...options(), ...changed }, { code, argument }]);
  add('options.objective', objectives, 'ERR_INVALID_ARG_TYPE');
  add('options.data', { data: x }, 'ERR_INVALID_ARG_TYPE');
  add('options.vat', { vat: {} }, 'ERR_INVALID_ARG_TYPE');
  add('penalty.kernel', { penalty: { kernel: 1 } }, 'ERR_OUT_OF_RANGE');
  add('epochs', { epochs: 0 }, 'ERR_OUT_OF_RANGE');
  add('resume', { resume: new Uint8Array(100) }, 'ERR_OUT_OF_RANGE');
  add('options.pairs', { pairs: {} }, 'ERR_INVALID_ARG_TYPE');
  add('samples', { samples: undefined }, 'ERR_INVALID_ARG_TYPE');
  add('samples', { samples: 0 }, 'ERR_OUT_OF_RANGE');
  add('copies', { copies: 0.5 }, 'ERR_OUT_OF_RANGE');
  add('perturb', { perturb: undefined }, 'ERR_INVALID_ARG_TYPE');
  add('perturb', { perturb: 'affine' }, 'ERR_INVALID_ARG_TYPE');
  add('perturb', { perturb: [noisy] }, 'ERR_OUT_OF_RANGE');
  add('perturb[1]', { perturb: [noisy, null] }, 'ERR_INVALID_ARG_TYPE');
  add('loss', { loss: kl({ mode: 'ova' }) }, 'ERR_INVALID_ARG_TYPE');
  add('loss', { loss: new Proxy(iic(), {}) }, 'ERR_INVALID_ARG_TYPE');
  add('heads', { heads: 3 }, 'ERR_INVALID_ARG_TYPE');
  add('heads', { heads: [] }, 'ERR_OUT_OF_RANGE');
  add('heads', { heads: [{ clusters: 3 }] }, 'ERR_OUT_OF_RANGE');
  add('heads[0]', { heads: [null] }, 'ERR_INVALID_ARG_TYPE');
  add('heads[0].clusters', { heads: [{}] }, 'ERR_INVALID_ARG_TYPE');
  add('heads[0].count', { heads: [{ clusters: 3, count: 0 }] }, 'ERR_OUT_OF_RANGE');
  add('heads[1].weight', { heads: [{ clusters: 3 }, { clusters: 24, weight: 0 }] }, 'ERR_OUT_OF_RANGE');
  const view = (made: unknown) => ({ perturb: () => made });
  add('perturb()', view(undefined), 'ERR_INVALID_ARG_TYPE');
  add('perturb()', view({ data: new Float32Array(99), shape: [33, 3] }), 'ERR_OUT_OF_RANGE');
  add('perturb().data', view({ data: new Float32Array(200), shape: [100, 1, 1, 3] }), 'ERR_OUT_OF_RANGE');
  add('perturb().data', view({ data: new Float32Array(3), shape: [100, 2] }), 'ERR_OUT_OF_RANGE');
  add('perturb().data', view({ data: new Uint8Array(200), shape: [100, 2] }), 'ERR_INVALID_ARG_TYPE');
  add('perturb()', view({ data: new Float32Array(200), shape: [100, 1, 'two'] }), 'ERR_OUT_OF_RANGE');
  it.each(wrong)('%s', async (_, given, expected) => {
    const trained = network();
    const before = bits(trained);
    expectError(await rejectionOf(() => trainPairs(trained, given as PairTrainOptions)), expected);
    expect(bits(trained)).toEqual(before);
    await trainPairs(trained, { ...options(), epochs: 1 });
  });

  it('names a view with a number that is not finite', async () => {
    const perturb: Perturb = (request, signal) => {
      const { data, shape } = noisy(request, signal) as typeof x;
      return { data: data.map((z, at) => (at === 5 ? Number.NaN : z)), shape };
    };
    const error = await rejectionOf(() => trainPairs(network(), options({ perturb })));
    expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'data', received: 'NaN at row 2, column 1' });
  });

  it('a table of logits has no views', async () => {
    const table = Network.table({ samples: N, outputs: OUTPUTS });
    expectError(await rejectionOf(() => trainPairs(table, options())), {
      code: 'ERR_OUT_OF_RANGE',
      argument: 'network',
    });
  });

  it('snapshots are of one kind of training, and of the same heads and copies', async () => {
    const { snapshot } = await trainPairs(network(), { ...options(), epochs: 1 });
    const { snapshot: other } = await train(network(), { data: x, ...objectives, epochs: 1, batchSize: 50 });
    const refused = async (given: PairTrainOptions, received: string) =>
      expectError(await rejectionOf(() => trainPairs(network(), given)), {
        code: 'ERR_OUT_OF_RANGE',
        argument: 'resume',
        received,
      });
    await refused({ ...options(), resume: other() }, 'without pairs');
    await refused({ ...options({ copies: 1 }), resume: snapshot() }, 'copies');
    await refused({ ...options({ heads: [{ clusters: OUTPUTS }] }), resume: snapshot() }, 'heads');
    const onPairs = train(network(), { data: x, ...objectives, epochs: 2, batchSize: 50, resume: snapshot() });
    expectError(await rejectionOf(() => onPairs), {
      code: 'ERR_OUT_OF_RANGE',
      argument: 'resume',
      received: 'on pairs',
    });
  });

  it('the network is in training between the steps', async () => {
    const trained = network();
    const errors: unknown[] = [];
    const perturb: Perturb = (request, signal) => {
      errors.push(thrownBy(() => trained.forward(x)));
      return noisy(request, signal);
    };
    await trainPairs(trained, { ...options({ perturb }), epochs: 1 });
    for (const error of errors) expectError(error, { code: 'ERR_BUSY', argument: 'network' });
  });
});
