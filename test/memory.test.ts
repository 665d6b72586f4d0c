/** Memory: flat over many steps, reported to the engine, freed by dispose() and by garbage collection. */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Affinity, add, emd, entropy, kl, type Matrix, mmd, TransportSolver, wasserstein } from '../src/index.js';
import { gaussian, probabilities, random } from './support/random.js';

const next = random(3);
const MB = 2 ** 20;

const collect = globalThis.gc as () => void;

/** Finalizers of native objects run in a later turn of the event loop. */
async function collectAll() {
  for (let i = 0; i < 4; i++) {
    collect();
    await sleep(5);
  }
}

async function residentAfter(work: () => void | Promise<void>): Promise<number> {
  await work();
  await collectAll();
  return process.memoryUsage().rss;
}

/** The engine's own heap varies by some MB from round to round; a leak grows in every round. */
async function expectFlat(warmUp: () => void | Promise<void>, work: () => void | Promise<void>) {
  let before = await residentAfter(warmUp);
  const growth: number[] = [];
  while (growth.length < 5 && !(Math.min(...growth) < 1)) {
    const after = await residentAfter(work);
    growth.push((after - before) / MB);
    before = after;
  }
  expect(Math.min(...growth), `MB more in the best of the rounds ${growth.join(', ')}`).toBeLessThan(2);
}

it('the tests can collect garbage', () => {
  expect(typeof collect).toBe('function');
});

/** How often the engine collects its whole heap while 50 objects are made and kept. */
async function majorCollections(make: () => unknown): Promise<number> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections += 1;
    }
  });
  await collectAll();
  await sleep(50);
  observer.observe({ entryTypes: ['gc'] });
  const kept = Array.from({ length: 50 }, make);
  await sleep(50);
  observer.disconnect();
  expect(kept).toHaveLength(50);
  return collections;
}

describe('resident memory is flat over 10,000 steps', () => {
  const n = 64;
  const k = 6;
  const x = gaussian(next, n, 8);
  const kernel = Affinity.kernel(x, { kernel: 'rbf' });
  const distance = Affinity.distance(x, { metric: 'euclidean' });
  const logits = gaussian(next, 32, k);
  const rows = Int32Array.from({ length: 32 }, (_, i) => 2 * i);
  const options = { from: 'logits', rows } as const;
  const mixed = add(mmd({ mode: 'ovo', affinity: kernel }), entropy({ of: 'proportions' }), kl({ mode: 'ovo' }));
  const transport = wasserstein({ mode: 'ova', affinity: distance });
  const solver = new TransportSolver(distance);
  const p = new Float64Array(n).fill(1 / n);
  const q = Float64Array.from({ length: n }, (_, i) => (2 * (i + 1)) / (n * (n + 1)));

  // A step that lost 256 bytes would add 2.5 MB to every round.
  const steps: [string, number, () => unknown][] = [
    ['value and gradient of a sum', 10_000, () => mixed.valueAndGrad(logits, options)],
    ['value and gradient of Wasserstein', 10_000, () => transport.valueAndGrad(logits, options)],
    [
      'an error',
      10_000,
      () => {
        try {
          mixed.value(logits);
        } catch {}
      },
    ],
    ['an affinity, disposed of', 10_000, () => Affinity.kernel(x, { kernel: 'rbf' }).dispose()],
    ['a transport plan', 10_000, () => solver.solve(p, q, { plan: true })],
    ['a problem of its own', 10_000, () => emd([0.5, 0.5], [1], [[1], [2]])],
    ['an objective', 10_000, () => add(mmd({ mode: 'ova', affinity: kernel }), kl({ mode: 'ova' }))],
  ];

  it.each(steps)('%s', async (_, count, step) => {
    const run = (times: number) => () => {
      for (let i = 0; i < times; i++) step();
    };
    await expectFlat(run(count / 4), run(count));
  });

  it('asynchronous calls, many at once', async () => {
    const run = (rounds: number) => async () => {
      for (let i = 0; i < rounds; i++) {
        await Promise.all(Array.from({ length: 50 }, () => mixed.valueAndGradAsync(logits, options)));
      }
    };
    await expectFlat(run(50), run(200));
  });
});

describe("an affinity's memory", () => {
  const x: Matrix = { data: Float64Array.from({ length: 2000 }, next), shape: [1000, 2] };
  const make = () => Affinity.distance(x, { metric: 'euclidean', storage: 'dense' });

  // Reported memory makes the engine collect. `process.memoryUsage().external` of this V8 counts array buffers only.
  it('is reported to the engine, and taken back by dispose()', async () => {
    const disposedOf = await majorCollections(() => {
      const affinity = make();
      affinity.dispose();
      affinity.dispose();
      return affinity;
    });
    const alive = await majorCollections(make);
    expect(alive, 'collections while 400 MB are held').toBeGreaterThanOrEqual(2);
    expect(disposedOf, 'collections while none are').toBeLessThan(alive / 2);
  });

  it('is resident memory that dispose() frees, though the object lives on', async () => {
    await collectAll();
    const before = process.memoryUsage().rss;
    const kept = Array.from({ length: 20 }, make);
    const held = process.memoryUsage().rss - before;
    expect(held).toBeGreaterThan(0.8 * 20 * (kept[0] as Affinity).bytes);
    for (const affinity of kept) affinity.dispose();
    await collectAll();
    expect(process.memoryUsage().rss - before).toBeLessThan(0.2 * held);
    expect(kept).toHaveLength(20);
  });

  it('is freed by garbage collection without dispose()', async () => {
    await collectAll();
    const [rss, external] = [process.memoryUsage().rss, process.memoryUsage().external];
    for (let i = 0; i < 20; i++) make();
    await collectAll();
    expect((process.memoryUsage().rss - rss) / MB, 'of 160 MB').toBeLessThan(40);
    expect(Math.abs(process.memoryUsage().external - external) / MB).toBeLessThan(2);
  });

  it('makes the engine collect by itself, before the machine is full', async () => {
    await collectAll();
    const before = process.memoryUsage().rss;
    let most = 0;
    // 3.2 GB in all, and nobody calls dispose() or gc().
    for (let i = 0; i < 400; i++) {
      make();
      if (i % 8 === 0) {
        await sleep(0);
        most = Math.max(most, process.memoryUsage().rss - before);
      }
    }
    expect(most / MB).toBeLessThan(1000);
  });

  it('stays while an objective needs it', async () => {
    const objective = wasserstein({ mode: 'ova', affinity: Affinity.distance(x, { metric: 'euclidean' }) });
    await collectAll();
    const tau = probabilities(next, 4, 2);
    expect(objective.value(tau, { rows: [0, 1, 2, 3] })).toBeGreaterThan(0);
  });

  it('stays while an asynchronous call needs it, whoever disposes of it', async () => {
    const affinity = make();
    const objective = wasserstein({ mode: 'ova', affinity });
    const tau = probabilities(next, 1000, 3);
    const expected = objective.value(tau);
    const promise = objective.valueAsync(tau).catch((error: { code?: string }) => error.code);
    affinity.dispose();
    await collectAll();
    // The call succeeds if it had begun before dispose(), and rejects otherwise.
    expect([expected, 'ERR_DISPOSED']).toContain(await promise);
  });
});

describe('what is kept for warm starts is reported to the engine', () => {
  const size = 400;
  const distance = Affinity.distance(gaussian(next, size, 2), { metric: 'euclidean' });

  // Results are collected in both cases, and a young heap collects differently: sums of several rounds are compared.
  async function expectMoreCollections(make: (warmStart: boolean) => () => unknown) {
    await majorCollections(make(false));
    let [cold, warm] = [0, 0];
    for (let round = 0; round < 3; round++) {
      warm += await majorCollections(make(true));
      cold += await majorCollections(make(false));
    }
    expect(warm, `collections while bases are kept, beside ${cold} while none are`).toBeGreaterThan(cold + 1);
  }

  it('by an objective', async () => {
    const tau = probabilities(next, size, 3);
    await expectMoreCollections((warmStart) => () => {
      const objective = wasserstein({ mode: 'ova', affinity: distance, warmStart });
      objective.value(tau);
      return objective;
    });
  });

  it('by a solver', async () => {
    const problems = 400;
    const [from, to] = [new Float64Array(problems * size), new Float64Array(size)];
    for (let i = 0; i < problems; i++) from[i * size + (i % size)] = 1;
    to[size - 1] = 1;
    await expectMoreCollections((warmStart) => () => {
      const solver = new TransportSolver(distance);
      solver.solveMany({ data: from, shape: [problems, size] }, to, { warmStart });
      return solver;
    });
  });
});

describe('valueAndGrad into a lent buffer, N = 256 and K = 10', () => {
  const x = gaussian(next, 256, 16);
  const tau = probabilities(next, 256, 10);
  const out = new Float64Array(2560);
  const objectives = [
    mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) }),
    kl({ mode: 'ovo' }),
    mmd({ mode: 'ovo', affinity: Affinity.kernel(x, { kernel: 'linear', storage: 'features' }) }),
  ];

  it.each(objectives.map((objective) => ({ name: objective.name, objective })))(
    '$name leaves the heap as it is over 10,000 calls',
    async ({ objective }) => {
      const options = { out };
      const run = (calls: number) => {
        for (let i = 0; i < calls; i++) objective.valueAndGrad(tau, options);
      };
      run(500);
      await collectAll();
      const before = process.memoryUsage();
      run(10_000);
      collect();
      const after = process.memoryUsage();
      // One copy of a gradient at each call would be 200 MB of array buffers.
      expect(Math.abs(after.arrayBuffers - before.arrayBuffers)).toBeLessThan(1e5);
      expect((after.heapUsed - before.heapUsed) / MB).toBeLessThan(4);
      expect((after.external - before.external) / MB).toBeLessThan(1);
      expect((after.rss - before.rss) / MB).toBeLessThan(16);
    },
  );

  it('allocates nothing large between two collections', () => {
    const objective = objectives[0] as (typeof objectives)[number];
    const options = { out };
    objective.valueAndGrad(tau, options);
    const buffers = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i++) objective.valueAndGrad(tau, options);
    expect(process.memoryUsage().arrayBuffers - buffers, '200 gradients are 4 MB').toBeLessThan(0.5 * MB);
  });

  it('without one, every call has an array of its own', () => {
    const objective = objectives[1] as (typeof objectives)[number];
    const results = Array.from({ length: 5 }, () => objective.valueAndGrad(tau).gradient.data);
    expect(new Set(results.map((data) => data.buffer)).size).toBe(5);
    const expected = Float64Array.from(results[0] as Float64Array);
    (results[0] as Float64Array).fill(0);
    expect(results[1]).toEqual(expected);
    expect(objective.valueAndGrad(tau).gradient.data).toEqual(expected);
  });
});
