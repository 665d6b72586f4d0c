/** Asynchronous calls leave the event loop free, can be aborted at any moment, and leave libuv's threads to others. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Affinity, kl, mmd, TransportSolver, wasserstein } from '../src/index.js';
import { programArguments } from './support/dist.js';
import { execute } from './support/processes.js';
import { gaussian, probabilities, random } from './support/random.js';

const next = random(91);
const MOMENTS = 6;
const TRIES = 40;
const LIMIT_MS = 50;

const points = gaussian(next, 4000, 8);
const wide = gaussian(next, 1500, 300);
const distance = Affinity.distance(gaussian(next, 1500, 4), { metric: 'sqeuclidean' });
const transport = wasserstein({ mode: 'ovo', affinity: distance });
const kernel = Affinity.kernel(points, { kernel: 'rbf', storage: 'features' });
const discrepancy = mmd({ mode: 'ovo', affinity: kernel });
const solver = new TransportSolver(distance);
const small = new TransportSolver(Affinity.distance(gaussian(next, 8, 2), { metric: 'euclidean' }));
const manyWeights = probabilities(next, 50_000, 8);
const few = gaussian(next, 2000, 4);
const square = Affinity.distance(few, { metric: 'euclidean', storage: 'dense', precision: 'float32' }).toMatrix();
const logits = { few: gaussian(next, 1500, 10), many: gaussian(next, 4000, 20) };
const weights = probabilities(next, 40, 1500);
const line = { data: Float64Array.from({ length: 6000 }, (_, i) => i), shape: [6000, 1] as const };

type Call = (signal?: AbortSignal) => Promise<unknown>;
const calls: Record<string, Call> = {
  kernelAsync: (signal) =>
    Affinity.kernelAsync(wide, { kernel: 'laplacian', gamma: 'median', storage: 'dense', signal }),
  distanceAsync: (signal) => Affinity.distanceAsync(wide, { metric: 'manhattan', storage: 'dense', signal }),
  'hopsAsync of a quantile': (signal) => Affinity.hopsAsync(points, { quantile: 0.4, signal }),
  'hopsAsync of neighbors': (signal) => Affinity.hopsAsync(points, { neighbors: 300, signal }),
  'hopsAsync of all': (signal) => Affinity.hopsAsync(few, { threshold: 1e9, signal }),
  'hopsAsync of a long path': (signal) => Affinity.hopsAsync(line, { threshold: 1.5, signal }),
  'hopsAsync of an affinity': (signal) => Affinity.hopsAsync(distance, { quantile: 0.5, signal }),
  precomputedAsync: (signal) => Affinity.precomputedAsync(square, 'distance', { signal }),
  'valueAsync of transport': (signal) => transport.valueAsync(logits.few, { from: 'logits', signal }),
  'valueAndGradAsync of transport': (signal) => transport.valueAndGradAsync(logits.few, { from: 'logits', signal }),
  'valueAndGradAsync of a discrepancy': (signal) =>
    discrepancy.valueAndGradAsync(logits.many, { from: 'logits', signal }),
  'solveManyAsync of many small problems': (signal) =>
    small.solveManyAsync(manyWeights, manyWeights, { plan: true, signal }),
  solveManyAsync: (signal) => solver.solveManyAsync(weights, weights, { plan: true, signal }),
};

/** The longest time between two turns of the event loop while a call runs, and how long it takes. */
async function longestTurn(call: Call): Promise<{ blocked: number; took: number }> {
  const start = performance.now();
  let [last, blocked] = [start, 0];
  const turn = () => {
    const now = performance.now();
    blocked = Math.max(blocked, now - last);
    last = now;
  };
  const timer = setInterval(turn, 1);
  await call();
  turn();
  clearInterval(timer);
  return { blocked, took: last - start };
}

/** As many as run at once, on machines of usual size: what is called after them waits for one of their threads. */
const AT_ONCE = Math.min(8, Math.max(2, availableParallelism()));

/** How long after an abort, so many milliseconds after the start, a call is over and its thread computes something else. */
async function abortLatency(call: Call, milliseconds: number): Promise<number> {
  const controller = new AbortController();
  const all = Array.from({ length: AT_ONCE }, () => call(controller.signal).catch(() => {}));
  await sleep(milliseconds);
  const start = performance.now();
  controller.abort();
  await Promise.all([...all, kl({ mode: 'ova' }).valueAsync([[0.5, 0.5]])]);
  return performance.now() - start;
}

const best = (numbers: number[]) => Math.min(...numbers);
const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

describe.each(Object.entries(calls))('%s', (name, call) => {
  it('leaves the event loop free, and ends soon when it is aborted, at any moment', async () => {
    const turns = [];
    // Another process may take the processor away: the best of some tries counts.
    while (turns.length < TRIES && !(best(turns.map(({ blocked }) => blocked)) < LIMIT_MS))
      turns.push(await longestTurn(call));
    expect(best(turns.map(({ blocked }) => blocked)), `ms without a turn, ${name}`).toBeLessThan(LIMIT_MS);
    const took = best(turns.map((each) => each.took));
    for (let moment = 0; moment < MOMENTS; moment++) {
      const latencies: number[] = [];
      while (latencies.length < TRIES && !(best(latencies) < LIMIT_MS))
        latencies.push(await abortLatency(call, (took * moment) / MOMENTS));
      expect(best(latencies), `ms until aborted, median ${median([...latencies])}`).toBeLessThan(LIMIT_MS);
    }
  });
});

describe('many long calls', () => {
  it('leave files to be read, and one that waits is aborted at once', async () => {
    const controller = new AbortController();
    const running = Array.from({ length: 40 }, () =>
      calls['valueAsync of transport']?.(controller.signal).catch(() => 'ended'),
    );
    const waiting = new AbortController();
    const last = kl({ mode: 'ova' }).valueAsync(logits.few, { from: 'logits', signal: waiting.signal });
    const start = performance.now();
    await readFile(fileURLToPath(import.meta.url));
    expect(performance.now() - start, 'ms to read a file').toBeLessThan(1000);
    const aborted = performance.now();
    waiting.abort('enough');
    await expect(last).rejects.toBe('enough');
    expect(performance.now() - aborted, 'ms to end what waits').toBeLessThan(200);
    controller.abort();
    expect(new Set(await Promise.all(running))).toEqual(new Set(['ended']));
  });

  it('leave files to be read where libuv has one thread', async () => {
    const program = programArguments(
      `const { readFile } = await import('node:fs/promises');
       const { transport, logits } = problem(1200, 30);
       const controller = new AbortController();
       const running = Array.from({ length: 6 }, () => transport.valueAsync(logits, { signal: controller.signal }).catch(() => {}));
       await sleep(100);
       await readFile(${JSON.stringify(fileURLToPath(import.meta.url))});
       console.log('read');
       controller.abort();
       await Promise.all(running);`,
    );
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
    const result = await execute(process.execPath, program, { timeout: 30_000, env });
    expect(result).toMatchObject({ code: 0, stdout: 'read\n' });
  });
});
