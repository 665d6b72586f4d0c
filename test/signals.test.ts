/** Signals and progress reports of asynchronous calls: of any make, shared, late, failing. */
import { getEventListeners, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Affinity, kl, type MatrixLike, TransportSolver, wasserstein } from '../src/index.js';
import { rejectionOf } from './support/errors.js';
import { gaussian, probabilities, random } from './support/random.js';

const next = random(71);
const points = gaussian(next, 30, 2);
const tau = probabilities(next, 30, 3);
const slow = {
  objective: wasserstein({
    mode: 'ovo',
    affinity: Affinity.distance(gaussian(next, 1000, 3), { metric: 'sqeuclidean' }),
  }),
  logits: gaussian(next, 1000, 20),
};
const startSlow = (signal?: AbortSignal) => slow.objective.valueAsync(slow.logits, { from: 'logits', signal });

/** A signal like browsers' polyfills: no reason, no throwIfAborted, no removeEventListener, no class. */
function polyfill() {
  const listeners: (() => void)[] = [];
  const signal = { aborted: false, addEventListener: (_: string, listener: () => void) => listeners.push(listener) };
  const abort = () => {
    signal.aborted = true;
    for (const listener of listeners) listener();
  };
  return { signal: signal as unknown as AbortSignal, abort };
}

describe('a signal is whatever has aborted and addEventListener', () => {
  it('a polyfill without a reason aborts, with an AbortError', async () => {
    const { signal, abort } = polyfill();
    const rejected = rejectionOf(() => startSlow(signal));
    await sleep(20);
    abort();
    expect(await rejected).toMatchObject({ name: 'AbortError' });
    expect(await rejectionOf(() => startSlow(signal)), 'aborted already').toMatchObject({ name: 'AbortError' });
    const solver = new TransportSolver(Affinity.distance(points, { metric: 'euclidean' }));
    expect(() => solver.solveMany(points, points, { signal })).toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  it('one of another realm aborts, with its reason', async () => {
    const controller = vm.runInNewContext(
      `new (class Controller {
         constructor() { this.signal = { aborted: false, addEventListener: (_, listener) => { this.tell = listener; } }; }
         abort(reason) { Object.assign(this.signal, { aborted: true, reason }); this.tell(); }
       })()`,
    );
    const rejected = rejectionOf(() => startSlow(controller.signal));
    await sleep(20);
    controller.abort('of another realm');
    expect(await rejected).toBe('of another realm');
  });

  it.each([null, 5, {}, { aborted: false }, { addEventListener() {} }, { aborted: 1, addEventListener() {} }])(
    '%j is none',
    async (signal) => {
      expect(await rejectionOf(() => startSlow(signal as unknown as AbortSignal))).toMatchObject({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
      });
    },
  );
});

describe('an aborted signal comes before everything else', () => {
  /** A matrix that must not be looked at. */
  const untouched = new Proxy([], {
    get: () => expect.unreachable('the inputs were read'),
  }) as unknown as MatrixLike;
  const solver = new TransportSolver(Affinity.distance(points, { metric: 'euclidean' }));
  const reason = new Error('before');
  const signal = AbortSignal.abort(reason);
  const calls = {
    kernelAsync: () => Affinity.kernelAsync(untouched, { kernel: 'rbf', signal }),
    distanceAsync: () => Affinity.distanceAsync(untouched, { metric: 'euclidean', signal }),
    hopsAsync: () => Affinity.hopsAsync(untouched, { signal }),
    precomputedAsync: () => Affinity.precomputedAsync(untouched, 'kernel', { signal }),
    valueAsync: () => kl({ mode: 'ova' }).valueAsync(untouched, { signal }),
    valueAndGradAsync: () => kl({ mode: 'ova' }).valueAndGradAsync(untouched, { signal }),
    solveManyAsync: () => solver.solveManyAsync(untouched, untouched, { signal }),
  };
  it.each(Object.entries(calls))('%s', async (_, call) => {
    expect(await rejectionOf(call)).toBe(reason);
  });
});

describe('one signal for a thousand calls', () => {
  it('has one listener while they run, none afterwards, and no warning', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 1000 }, () => kl({ mode: 'ova' }).valueAsync(tau, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    const values = await Promise.all(calls);
    expect(new Set(values).size).toBe(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await sleep(0);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  it('ends all of them at once, those that wait and those that run', async () => {
    const controller = new AbortController();
    const calls = Array.from({ length: 1000 }, () => rejectionOf(() => startSlow(controller.signal)));
    await sleep(50);
    const start = performance.now();
    controller.abort('enough');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['enough']));
    expect(performance.now() - start).toBeLessThan(1000);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('leaves the others alone where one fails', async () => {
    const { signal } = new AbortController();
    const good = kl({ mode: 'ova' }).valueAsync(tau, { signal });
    const bad = rejectionOf(() => kl({ mode: 'ova' }).valueAsync([[Number.NaN]], { signal }));
    expect(await bad).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(await good).toBe(kl({ mode: 'ova' }).value(tau));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('an asynchronous onProgress', () => {
  const reason = new Error('from the report');

  it.each([
    ['at once', async () => Promise.reject(reason)],
    ['later', () => sleep(20).then(() => Promise.reject(reason))],
    // biome-ignore lint/suspicious/noThenProperty: a thenable that is no Promise
    ['by a thenable', () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(reason) })],
  ])('that rejects %s rejects the call, and nothing is left unhandled', async (_, onProgress) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    expect(await rejectionOf(() => Affinity.kernelAsync(points, { kernel: 'rbf', onProgress }))).toBe(reason);
    await sleep(40);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('that rejects in the middle stops the work', async () => {
    const x = gaussian(next, 6000, 200);
    const start = performance.now();
    const rejected = await rejectionOf(() =>
      Affinity.kernelAsync(x, { kernel: 'laplacian', storage: 'dense', onProgress: () => Promise.reject(reason) }),
    );
    expect(rejected).toBe(reason);
    const stopped = performance.now() - start;
    await Affinity.kernelAsync(x, { kernel: 'laplacian', storage: 'dense' });
    expect(stopped).toBeLessThan((performance.now() - start - stopped) * 0.8);
  });

  it('is waited for', async () => {
    let ended = false;
    const onProgress = () => sleep(30).then(() => (ended = true));
    await Affinity.distanceAsync(points, { metric: 'euclidean', onProgress });
    expect(ended).toBe(true);
  });

  it('that never ends keeps nobody from aborting', async () => {
    const controller = new AbortController();
    const onProgress = () => new Promise(() => {});
    const options = { metric: 'euclidean', onProgress, signal: controller.signal } as const;
    const rejected = rejectionOf(() => Affinity.distanceAsync(points, options));
    await sleep(30);
    controller.abort('enough');
    expect(await rejected).toBe('enough');
  });
});

it('says that there are not that many neighbors before it counts memory', async () => {
  const wrong = {
    code: 'ERR_OUT_OF_RANGE',
    message: expect.stringContaining('neighbors: expected an integer in [1, 29]'),
  };
  for (const neighbors of [30, 1e9, 2 ** 60]) {
    expect(() => Affinity.hops(points, { neighbors })).toThrow(expect.objectContaining(wrong));
    expect(await rejectionOf(() => Affinity.hopsAsync(points, { neighbors }))).toMatchObject(wrong);
  }
});

it('a signal that its timeout aborts reaches the call', async () => {
  const signal = AbortSignal.timeout(30);
  const rejected = rejectionOf(() => startSlow(signal));
  await once(signal, 'abort');
  expect(await rejected).toMatchObject({ name: 'TimeoutError' });
});
