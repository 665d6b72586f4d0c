/** Trainings: they improve the objective, resume bit for bit, end when asked, and leave a network that is whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Affinity, add, ari, entropy, kl, mmd, wasserstein } from '../../src/index.js';
import {
  adam,
  type Epoch,
  Network,
  neighborLengths,
  rmsprop,
  sgd,
  type TrainingProgress,
  type TrainOptions,
  train,
} from '../../src/networks/index.js';
import { expectNumber } from '../support/compare.js';
import { runProgram } from '../support/dist.js';
import { expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { gaussian, random } from '../support/random.js';

const next = random(17);
const N = 240;
const K = 3;
const classes = Array.from({ length: N }, (_, i) => i % K);
const noise = gaussian(next, N, 2, 0.5);
const x = {
  data: noise.data.map(
    (z, at) => z + 6 * ((at % 2 === 0 ? [0, 1, 0.5] : [0, 0, 1])[classes[at >> 1] as number] as number),
  ),
  shape: [N, 2] as const,
};
const objective = mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) });
const network = (precision: 'float32' | 'float64' = 'float32') =>
  Network.dense({
    inputs: 2,
    layers: [
      { width: 20, batchNormalization: true },
      { width: 12, activation: 'tanh' },
    ],
    outputs: K,
    precision,
    seed: 1,
  });
const options = (): TrainOptions => ({
  data: x,
  objective,
  epochs: 12,
  batchSize: 50,
  optimizer: adam({ learningRate: 0.01, decay: 'linear' }),
  seed: 5,
});
const numbersOf = (of: Network, name: string) => of.parameters()[name]?.data ?? new Float32Array();
const bits = (of: Network) =>
  Object.values(of.parameters()).map(({ data }) => Buffer.from(data.slice().buffer).toString('hex'));

describe('a training', () => {
  const optimizers = {
    adam: adam({ learningRate: 0.01 }),
    'adam as in torch': adam({ learningRate: 0.01, epsilonOf: 'torch' }),
    sgd: sgd({ learningRate: 0.1 }),
    'sgd without momentum': sgd({ learningRate: 0.3, momentum: 0 }),
    rmsprop: rmsprop({ learningRate: 0.003 }),
    'adam with clipped gradients': adam({ learningRate: 0.01, clipNorm: 0.1 }),
  };
  it.each(Object.entries(optimizers))('finds three clusters: %s', async (_, optimizer) => {
    const trained = network();
    const { history, stopped } = await train(trained, { ...options(), epochs: 40, optimizer });
    expect(stopped).toBe('finished');
    expect(history).toHaveLength(40);
    expect(ari(classes, trained.predict(x))).toBeGreaterThan(0.95);
    expect(history.at(-1)?.clusters).toBe(K);
    expect(history.at(-1)?.objective).toBeGreaterThan(history[0]?.objective as number);
  });

  it('tells of each epoch', async () => {
    const { history } = await train(network('float64'), options());
    const steps = Math.ceil(N / 50);
    for (const [i, epoch] of history.entries()) {
      expect(epoch.epoch).toBe(i + 1);
      expectNumber(epoch.loss, -epoch.objective, 1e-15);
      expect([epoch.penalty, epoch.vat]).toEqual([0, 0]);
      expectNumber(epoch.learningRate, 0.01 * (1 - ((i + 1) * steps - 1) / (12 * steps)), 1e-12);
      for (const each of Object.values(epoch.entropies)) {
        expect(each).toBeGreaterThanOrEqual(0);
        expect(each).toBeLessThanOrEqual(Math.log(K));
      }
      for (const each of Object.values(epoch.seconds)) expect(each).toBeGreaterThan(0);
    }
  });

  it('has the same bits for any number of threads, with and without onEpoch, and in any precision of the data', async () => {
    const of = async (changed: Partial<TrainOptions>) => {
      const trained = network();
      await train(trained, { ...options(), ...changed });
      return bits(trained);
    };
    const expected = await of({});
    for (const threads of [1, 2, 3, 8]) expect(await of({ threads })).toEqual(expected);
    expect(await of({ onEpoch: () => {} })).toEqual(expected);
    expect(await of({ onEpoch: () => sleep(1) })).toEqual(expected);
    expect(await of({ data: { data: Float32Array.from(x.data), shape: x.shape } })).toEqual(expected);
    expect(await of({ seed: 6 })).not.toEqual(expected);
  });

  it('is the loop by hand in one call, where batches are all samples', async () => {
    const [one, other] = [network('float64'), network('float64')];
    await train(one, { ...options(), batchSize: undefined, optimizer: adam({ learningRate: 0.01 }) });
    const rule = adam({ learningRate: 0.01 });
    // The order of samples differs: sums of products differ by rounding.
    for (let step = 0; step < 12; step++) {
      other.backward(objective.valueAndGrad(other.forward(x), { from: 'logits' }).gradient);
      rule.step(other);
    }
    for (const [name, { data }] of Object.entries(one.parameters()))
      for (const [at, w] of data.entries()) expect(w).toBeCloseTo(other.parameters()[name]?.data[at] as number, 8);
  });

  it('takes bytes', async () => {
    const bytes = Uint8Array.from(x.data, (z) => Math.max(0, Math.min(255, Math.round(20 * (z + 3)))));
    const [one, other] = [network(), network()];
    const given = { data: bytes, shape: x.shape, scale: 1 / 20, offset: -3 };
    const numbers = { data: Float64Array.from(bytes, (byte) => (1 / 20) * byte - 3), shape: x.shape };
    await train(one, { ...options(), data: given });
    await train(other, { ...options(), data: numbers });
    expect(bits(one)).toEqual(bits(other));
    const affinity = Affinity.kernel(given, { kernel: 'linear' });
    const { history } = await train(network(), {
      ...options(),
      data: given,
      objective: mmd({ mode: 'ova', affinity }),
    });
    const { history: expected } = await train(network(), { ...options(), data: given });
    expect(history.at(-1)?.clusters).toBe(K);
    expectNumber(history[0]?.objective as number, expected[0]?.objective as number, 0.05);
  });

  it('takes objectives of every kind', async () => {
    const distance = Affinity.distance(x, { metric: 'euclidean' });
    const all = [
      kl({ mode: 'ovo' }),
      add(kl({ mode: 'ova' }), entropy({ of: 'proportions' })),
      wasserstein({ mode: 'ova', affinity: distance, warmStart: true }),
      wasserstein({ mode: 'ovo', affinity: distance, pairs: 2 }),
    ];
    for (const each of all) {
      const { stopped, history } = await train(network(), { ...options(), objective: each, epochs: 2 });
      expect([stopped, history.length]).toEqual(['finished', 2]);
    }
  });
});

describe('penalties and virtual adversarial training', () => {
  it('the L2 penalty makes weights small', async () => {
    const [free, small] = [network('float64'), network('float64')];
    await train(free, options());
    const { history } = await train(small, { ...options(), penalty: { l2: 0.5 } });
    const norm = (of: Network) => Math.hypot(...numbersOf(of, 'hidden1.weights'));
    expect(norm(small)).toBeLessThan(norm(free) / 2);
    const { loss, objective: value, penalty } = history.at(-1) as Epoch;
    expect(penalty).toBeGreaterThan(0);
    expectNumber(loss, penalty - value, 1e-12);
  });

  it("the group lasso takes gemclus' steps", async () => {
    // Source: gemclus 1.1.1, SparseLinearModel with alpha = 1, see parity.test.ts.
    const samples = [
      [0, 0],
      [1, 0.5],
      [3, -1],
      [-2, 2],
      [-1, 4],
    ];
    const linear = mmd({ mode: 'ova', affinity: Affinity.kernel(samples, { kernel: 'linear' }) });
    const expected: [number, number[]][] = [
      [1, [0.10853267830462675, -0.20719875196241583, 0.28690331060556457, 0.05935930090972469]],
      [20, [0.2784710744009997, -0.36834770858351884, 0.07487517230942385, 0.2295279081572917]],
    ];
    for (const [epochs, weights] of expected) {
      const sparse = Network.linear({ inputs: 2, outputs: 2, precision: 'float64' });
      sparse.load({ 'head.weights': { data: [0.1, -0.2, 0.3, 0.05] }, 'head.bias': { data: [0.01, -0.02] } });
      await train(sparse, {
        data: samples,
        objective: linear,
        epochs,
        optimizer: adam({ learningRate: 0.01 }),
        penalty: { groupLasso: 1 },
      });
      for (const [at, w] of weights.entries()) expect(sparse.parameters()['head.weights']?.data[at]).toBeCloseTo(w, 13);
    }
  });

  it('features without use lose their weights, whole groups at once', async () => {
    const wide = {
      data: Float64Array.from({ length: 4 * N }, (_, at) =>
        at % 4 < 2 ? (x.data[2 * (at >> 2) + (at % 4)] as number) : 0.01 * Math.sin(at * at),
      ),
      shape: [N, 4] as const,
    };
    const sparse = Network.lassoNet({ inputs: 4, layers: [{ width: 8 }], outputs: K });
    await train(sparse, {
      ...options(),
      data: wide,
      epochs: 60,
      penalty: { hierarchical: { alpha: 30, m: 1, groups: [[2, 3]] } },
    });
    const skip = numbersOf(sparse, 'skip.weights');
    const hidden = numbersOf(sparse, 'hidden1.weights');
    expect([...skip.subarray(2 * K), ...hidden.subarray(2 * 8)].every((w) => w === 0)).toBe(true);
    expect([...skip.subarray(0, K)].some((w) => w !== 0)).toBe(true);
    const linear = Network.linear({ inputs: 4, outputs: K });
    await train(linear, {
      ...options(),
      data: wide,
      epochs: 60,
      penalty: { groupLasso: { alpha: 30, groups: [[2, 3]] } },
    });
    expect([...numbersOf(linear, 'head.weights').subarray(2 * K)].every((w) => w === 0)).toBe(true);
  });

  it('a kernel takes its penalty', async () => {
    const kernel = Affinity.kernel(x, { kernel: 'rbf', gamma: 0.1 });
    const rows = kernel.toMatrix();
    const machine = Network.kernel({ samples: N, outputs: K, precision: 'float64' });
    const { history } = await train(machine, { ...options(), data: rows, epochs: 5, penalty: { kernel: 0.01 } });
    const weights = numbersOf(machine, 'head.weights');
    let norm = 0;
    for (let i = 0; i < N; i++)
      for (let j = 0; j < N; j++)
        for (let k = 0; k < K; k++)
          norm += (weights[i * K + k] as number) * (rows.data[i * N + j] as number) * (weights[j * K + k] as number);
    expectNumber(history.at(-1)?.penalty as number, 0.01 * norm, 1e-9);
  });

  it('virtual adversarial training keeps predictions smooth', async () => {
    const [free, smooth] = [network(), network()];
    await train(free, { ...options(), epochs: 30 });
    const { history } = await train(smooth, { ...options(), epochs: 30, vat: { weight: 5, epsilon: 1 } });
    const { loss, objective: value, vat } = history.at(-1) as Epoch;
    expect(vat).toBeGreaterThan(0);
    expectNumber(loss, 5 * vat - value, 1e-6);
    const each = await train(network(), { ...options(), vat: { epsilon: new Float64Array(N).fill(0.5) } });
    const one = await train(network(), { ...options(), vat: { epsilon: 0.5 } });
    expect(each.history.map(({ vat }) => vat)).toEqual(one.history.map(({ vat }) => vat));
    expect(ari(classes, smooth.predict(x))).toBeGreaterThan(0.9);
  });
});

describe('lengths of perturbations from neighbours', () => {
  it('are a quarter of the distance to the 10th neighbour', async () => {
    const lengths = await neighborLengths(x);
    for (const i of [0, 7, N - 1]) {
      const distances = Array.from({ length: N }, (_, j) =>
        Math.hypot(...[0, 1].map((f) => (x.data[2 * i + f] as number) - (x.data[2 * j + f] as number))),
      ).sort((a, b) => a - b);
      expectNumber(lengths[i] as number, 0.25 * (distances[10] as number), 1e-12);
    }
    const bytes = { data: Uint8Array.from(x.data, (_, at) => (at * at) % 251), shape: x.shape };
    const half = await neighborLengths({ ...bytes, scale: 0.5, offset: 3 });
    for (const [i, length] of (await neighborLengths(bytes)).entries())
      expectNumber(half[i] as number, length / 2, 1e-6);
    const few = { data: new Float32Array(20), shape: [10, 2] } as const;
    expectError(await rejectionOf(() => neighborLengths(few)), { code: 'ERR_OUT_OF_RANGE', argument: 'data' });
    const aborted = AbortSignal.abort('enough');
    expect(await rejectionOf(() => neighborLengths(x, { signal: aborted }))).toBe('enough');
  });

  it("are those of vat.epsilon: 'neighbours'", async () => {
    const [one, other] = [network(), network()];
    await train(one, { ...options(), vat: { epsilon: 'neighbours' } });
    await train(other, { ...options(), vat: { epsilon: await neighborLengths(x) } });
    expect(bits(one)).toEqual(bits(other));
    const few = {
      ...options(),
      data: [[1, 2]],
      objective: kl({ mode: 'ova' }),
      vat: { epsilon: 'neighbours' },
    } as const;
    expectError(await rejectionOf(() => train(network(), few)), { code: 'ERR_OUT_OF_RANGE', argument: 'data' });
  });
});

describe('a table of logits', () => {
  it('learns a row for each sample', async () => {
    const table = Network.table({ samples: N, outputs: K, seed: 2 });
    expect(table.inputs).toBe(0);
    const { stopped } = await train(table, { objective, epochs: 200, optimizer: adam({ learningRate: 0.1 }) });
    expect(stopped).toBe('finished');
    expect(ari(classes, table.predict())).toBeGreaterThan(0.9);
    expect(await table.predictAsync()).toEqual(table.predict());
    const all = table.logits().data;
    expect(table.parameters()['table.logits']).toEqual({ data: all, shape: [N, K] });
    expect(table.forward(Int32Array.of(5, 0)).data).toEqual(
      Float32Array.of(...all.slice(5 * K, 6 * K), ...all.slice(0, K)),
    );
    const logits = table.forward([3, 4]);
    expect(logits.data).toEqual(all.slice(3 * K, 5 * K));
    table.backward({ data: new Float32Array(2 * K).fill(1), shape: [2, K] });
    expect(Array.from(table.gradients()['table.logits']?.data ?? []).reduce((a, b) => a + b, 0)).toBe(2 * K);
    expectError(
      thrownBy(() => table.forward([N])),
      { code: 'ERR_OUT_OF_RANGE', argument: 'batch', received: `${N}` },
    );
    expectError(
      thrownBy(() => table.predict(x)),
      { code: 'ERR_OUT_OF_RANGE', argument: 'data' },
    );
  });
});

describe('a snapshot', () => {
  const whole = async () => {
    const trained = network();
    const run = await train(trained, options());
    return { bits: bits(trained), history: run.history };
  };
  const timeless = (history: readonly Epoch[]) => history.map(({ seconds, ...rest }) => rest);

  it('taken in onEpoch resumes to the same bits', async () => {
    const expected = await whole();
    const snapshots: Uint8Array[] = [];
    await train(network(), { ...options(), onEpoch: (_, training) => snapshots.push(training.snapshot()) > 0 });
    expect(snapshots).toHaveLength(12);
    for (const [i, resume] of snapshots.entries()) {
      const other = network();
      other.load(
        Object.fromEntries(
          Object.entries(other.parameters()).map(([name, { data }]) => [name, { data: data.map((w) => w + 1) }]),
        ),
      );
      const run = await train(other, { ...options(), seed: 99, resume });
      expect(run.stopped).toBe('finished');
      expect(timeless(run.history)).toEqual(timeless(expected.history).slice(i + 1));
      expect(bits(other)).toEqual(expected.bits);
    }
  });

  it('of an aborted training resumes to the same bits, from any step', async () => {
    const expected = await whole();
    for (let moment = 0; moment < 12; moment++) {
      const controller = new AbortController();
      const trained = network();
      const call = train(trained, { ...options(), signal: controller.signal });
      await sleep(moment / 4);
      controller.abort();
      const run = await call;
      if (thrownBy(() => run.snapshot()) !== undefined) continue;
      const other = network();
      await train(other, { ...options(), resume: run.snapshot() });
      expect(bits(other)).toEqual(expected.bits);
    }
  });

  it('of a process that was killed resumes to the same bits', async () => {
    const program = (onEpoch: string, resume: string) => `
      const { adam, Network, train } = await import(new URL('networks/index.js', import.meta.resolve('${new URL('../../dist/index.js', import.meta.url).href}')));
      const data = { data: numbers(900, 3), shape: [300, 3] };
      const network = Network.dense({ inputs: 3, layers: [{ width: 9, batchNormalization: true }], outputs: 4 });
      const resume = ${resume};
      const onEpoch = ${onEpoch};
      await train(network, { data, objective: kl({ mode: 'ova' }), epochs: 10, batchSize: 32, optimizer: adam({ decay: 'linear' }), resume, onEpoch });
      console.log(Buffer.from(network.logits(data).data.buffer).toString('base64'));`;
    const expected = await runProgram(program('undefined', 'undefined'));
    expect(expected.code).toBe(0);
    const dying = await runProgram(
      program(
        `(epoch, training) => {
          if (epoch.epoch === 4) process.stdout.write(Buffer.from(training.snapshot()).toString('base64'), () => process.kill(process.pid, 'SIGKILL'));
          return sleep(epoch.epoch === 4 ? 60_000 : 0);
        }`,
        'undefined',
      ),
    );
    expect(dying.signal).toBe('SIGKILL');
    const resumed = await runProgram(program('undefined', `new Uint8Array(Buffer.from('${dying.stdout}', 'base64'))`));
    expect(resumed).toEqual(expected);
  });

  it('is that of the training, whatever becomes of the network', async () => {
    const trained = network();
    const changes = [
      () => trained.load(network().parameters()),
      () => trained.forward(x),
      () => train(trained, { ...options(), epochs: 1 }),
      () => trained.dispose(),
    ];
    for (const change of changes) {
      const run = await train(trained, { ...options(), epochs: 3 });
      const expected = run.snapshot();
      await change();
      expect(run.snapshot()).toEqual(expected);
    }
  });

  it('that is damaged, or of another training, is refused, and the network stays as it is', async () => {
    const run = await train(network(), { ...options(), epochs: 2 });
    const good = run.snapshot();
    const before = network();
    const refused = async (resume: Uint8Array, changed: Partial<TrainOptions> = {}, other = before) => {
      const bitsBefore = bits(other);
      const error = await rejectionOf(() => train(other, { ...options(), ...changed, resume }));
      expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'resume', expected: 'a snapshot' });
      expect(bits(other)).toEqual(bitsBefore);
    };
    for (const at of [0, 8, 100, good.length >> 1, good.length - 1]) {
      const damaged = good.slice();
      damaged[at] = (damaged[at] as number) ^ 1;
      await refused(damaged);
    }
    for (const length of [0, 1, 7, 8, 64, good.length - 8, good.length - 1]) await refused(good.slice(0, length));
    await refused(new Uint8Array([...good, 0]));
    await refused(good, { batchSize: 49 });
    await refused(good, { optimizer: sgd() });
    await refused(good, {}, network('float64'));
    await refused(good, {}, Network.linear({ inputs: 2, outputs: K }));
    expect((await train(before, { ...options(), resume: good })).stopped).toBe('finished');
  });
});

describe('a training ends', () => {
  it('where onEpoch returns false, and keeps what it has learned', async () => {
    const [one, other] = [network(), network()];
    const run = await train(one, { ...options(), onEpoch: async ({ epoch }) => epoch < 5 });
    expect([run.stopped, run.history.length]).toEqual(['callback', 5]);
    await train(other, { ...options(), resume: run.snapshot() });
    const whole = network();
    await train(whole, options());
    expect(bits(other)).toEqual(bits(whole));
    expect(bits(one)).not.toEqual(bits(whole));
  });

  it('with the error of onEpoch, and the network can be used', async () => {
    for (const onEpoch of [
      () => {
        throw new Error('mine');
      },
      () => Promise.reject(new Error('mine')),
    ]) {
      const trained = network();
      await expect(train(trained, { ...options(), onEpoch })).rejects.toThrow('mine');
      trained.load(network().parameters());
    }
  });

  it('by a signal, at any moment', async () => {
    const expected = bits(network());
    const aborted = AbortSignal.abort('enough');
    const trained = network();
    const run = await train(trained, { ...options(), signal: aborted });
    expect([run.stopped, run.history]).toEqual(['aborted', []]);
    expect(bits(trained)).toEqual(expected);
    expectError(
      thrownBy(() => run.snapshot()),
      { code: 'ERR_UNSUPPORTED', argument: 'snapshot' },
    );
    const controller = new AbortController();
    const inside = await train(trained, {
      ...options(),
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 3) controller.abort();
      },
    });
    expect([inside.stopped, inside.history.length]).toEqual(['aborted', 3]);
  });

  it('before the epoch of a number that is not finite, and says which', async () => {
    const trained = network();
    const wild = sgd({ learningRate: 1e30 });
    const run = await train(trained, { ...options(), optimizer: wild });
    expect(run.stopped).toBe('non-finite');
    expect(run.message).toMatch(/^step \d+ of epoch 1: /);
    expect(run.history).toEqual([]);
    expect(bits(trained)).toEqual(bits(network()));
  });
});

describe('progress within an epoch', () => {
  // A hundred and twenty steps of some milliseconds.
  const wide = () => Network.dense({ inputs: 2, layers: [{ width: 1000 }, { width: 1000 }], outputs: K, seed: 1 });
  const long = (): TrainOptions => ({ ...options(), epochs: 1, batchSize: 2, optimizer: adam() });
  const inOrder = (numbers: readonly number[]) => numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] as number));

  it('tells the steps, up to the last one', async () => {
    const reports: TrainingProgress[] = [];
    await train(wide(), { ...long(), onProgress: (progress) => reports.push(progress) });
    const steps = reports.map(({ step }) => step);
    expect(inOrder(steps)).toBe(true);
    expect(steps.some((step) => step > 0 && step < N / 2)).toBe(true);
    expect(reports.at(-1)).toEqual({ step: N / 2, steps: N / 2, neighbors: 1 });
  });

  it('tells nothing of the next epoch before onEpoch has ended, and nothing during it', async () => {
    const seen: string[] = [];
    let epochs = 0;
    const onProgress = ({ step, steps }: TrainingProgress) => {
      expect(steps).toBe(N);
      expect(Math.ceil(step / (N / 2))).toBeLessThanOrEqual(epochs + 1);
      seen.push('progress');
    };
    const onEpoch = async ({ epoch }: Epoch) => {
      seen.push('begin');
      await sleep(250);
      seen.push('end');
      epochs = epoch;
    };
    await train(wide(), { ...long(), epochs: 2, onEpoch, onProgress });
    expect(seen.join(' ')).toMatch(/^(progress )+begin end (progress )+begin end progress$/);
  });

  it('goes on from a snapshot', async () => {
    const { optimizer } = long();
    const run = await train(network(), { ...options(), optimizer, onEpoch: ({ epoch }) => epoch < 5 });
    const reports: TrainingProgress[] = [];
    const more = { ...options(), optimizer, resume: run.snapshot(), onEpoch: () => false };
    await train(network(), { ...more, onProgress: (progress) => reports.push(progress) });
    expect(reports.at(-1)).toEqual({ step: 6 * 5, steps: 12 * 5, neighbors: 1 });
  });

  it('can be the reason to abort', async () => {
    const controller = new AbortController();
    const trained = wide();
    const steps: number[] = [];
    const onProgress = ({ step }: TrainingProgress) => {
      steps.push(step);
      controller.abort();
      return new Promise(() => {});
    };
    const run = await train(trained, { ...long(), signal: controller.signal, onProgress });
    expect([run.stopped, run.history.length]).toEqual(['aborted', 0]);
    expect(inOrder(steps) && (steps.at(-1) as number) < N / 2).toBe(true);
    const [whole, resumed] = [wide(), wide()];
    await train(whole, long());
    await train(resumed, { ...long(), resume: run.snapshot() });
    expect(bits(resumed)).toEqual(bits(whole));
  });

  it('ends the training by its error, and the network can be used', async () => {
    const mine = new Error('mine');
    const failures = {
      early: () => {
        throw mine;
      },
      late: ({ step }: TrainingProgress) => {
        if (step === N / 2) throw mine;
      },
      rejected: () => Promise.reject(mine),
      'rejected at the end': ({ step }: TrainingProgress) =>
        step === N / 2 ? sleep(50).then(() => Promise.reject(mine)) : 0,
    };
    for (const [name, onProgress] of Object.entries(failures)) {
      const trained = wide();
      const before = bits(trained);
      expect(await rejectionOf(() => train(trained, { ...long(), onProgress })), name).toBe(mine);
      expect(bits(trained), name).not.toEqual(before);
      trained.load(wide().parameters());
    }
  });

  it('tells of the search for neighbours before the first step', async () => {
    const many = { data: gaussian(random(3), 16_000, 64).data, shape: [16_000, 64] as const };
    const reports: TrainingProgress[] = [];
    const controller = new AbortController();
    const onProgress = (progress: TrainingProgress) => {
      reports.push(progress);
      if (progress.neighbors > 0) controller.abort();
    };
    const linear = Network.linear({ inputs: 64, outputs: K });
    const run = await train(linear, {
      data: many,
      objective: kl({ mode: 'ova' }),
      epochs: 2,
      batchSize: 1000,
      vat: { epsilon: 'neighbours' },
      signal: controller.signal,
      onProgress,
    });
    expect(run.stopped).toBe('aborted');
    const { neighbors, ...rest } = reports.find((report) => report.neighbors > 0) as TrainingProgress;
    expect(rest).toEqual({ step: 0, steps: 32 });
    expect(neighbors).toBeLessThan(1);
  });
});

it('a thousand aborts leave a network that is whole', async () => {
  const trained = Network.dense({ inputs: 2, layers: [{ width: 6, batchNormalization: true }], outputs: K });
  for (let i = 0; i < 1000; i++) {
    const controller = new AbortController();
    const call = train(trained, { ...options(), epochs: 1000, signal: controller.signal });
    await (i % 3 === 0 ? undefined : i % 3 === 1 ? Promise.resolve() : sleep(next()));
    controller.abort();
    const { stopped } = await call;
    expect(stopped).toBe('aborted');
  }
  for (const { data } of Object.values(trained.parameters())) expect(data.every(Number.isFinite)).toBe(true);
  expect((await train(trained, { ...options(), epochs: 30 })).stopped).toBe('finished');
  expect(ari(classes, trained.predict(x))).toBeGreaterThan(0.9);
});

describe('a network that is being trained', () => {
  it('refuses changes, and reads outside of onEpoch, and says so', async () => {
    const trained = network();
    const call = train(trained, { ...options(), epochs: 20 });
    const calls: (() => unknown)[] = [
      () => trained.load(network().parameters()),
      () => trained.forward(x),
      () => adam().step(trained),
      () => train(trained, options()),
      () => trained.dispose(),
    ];
    for (const each of calls) {
      const error = await rejectionOf(async () => each());
      expectError(error, { code: 'ERR_BUSY', argument: 'network', received: 'one that is being trained' });
    }
    await call;
    for (const each of calls) expect(await rejectionOf(async () => each())).toBeUndefined();
  });

  it('can be read in onEpoch, also by calls that are not waited for', async () => {
    const trained = network();
    const labels: Promise<Int32Array>[] = [];
    const run = await train(trained, {
      ...options(),
      onEpoch: async () => {
        labels.push(trained.predictAsync(x));
        expect(trained.predict(x)).toEqual(await trained.predictAsync(x));
        expect(thrownBy(() => trained.load(network().parameters()))).toMatchObject({ code: 'ERR_BUSY' });
      },
    });
    expect([run.stopped, (await Promise.all(labels)).length]).toEqual(['finished', 12]);
  });

  it('waits for predictions that are being made', async () => {
    const trained = network();
    const before = trained.predict(x);
    const call = trained.predictAsync(x);
    await train(trained, options());
    expect(await call).toEqual(before);
  });
});
