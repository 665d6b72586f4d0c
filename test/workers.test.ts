/** Several JavaScript environments in one process, and asynchronous work that outlives them. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { Affinity, config, info, type Matrix, mmd, wasserstein } from '../src/index.js';
import { entry, runBare, runProgram, startWorker, workerSource } from './support/dist.js';
import { rejectionOf } from './support/errors.js';
import { gaussian, random } from './support/random.js';

function ended(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
}

function firstMessage<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code} and said nothing`)));
  });
}

describe('two worker threads of one process', () => {
  const work = `
    const { sum, transport, logits, options } = problem(60, 4);
    const results = [];
    parentPort.postMessage('ready');
    await new Promise((resolve) => parentPort.once('message', resolve));
    const began = Date.now();
    for (let i = 0; i < 60; i++) {
      const { value, gradient } = sum.valueAndGrad(logits, options);
      const later = await transport.valueAndGradAsync(logits, options);
      results.push(value, gradient.data[7], later.value, later.gradient.data[11]);
    }
    for (let i = 0; i < 40; i++) Affinity.hops({ data: numbers(120, i + 5), shape: [60, 2] }).dispose();
    parentPort.postMessage({ results, began, ended: Date.now() });
  `;

  it('compute at the same time, the same numbers', async () => {
    const workers = [startWorker(work), startWorker(work), startWorker(work)];
    const exits = workers.map(ended);
    await Promise.all(workers.map((worker) => firstMessage<string>(worker)));
    const finished = workers.map((worker) => firstMessage<{ results: number[]; began: number; ended: number }>(worker));
    for (const worker of workers) worker.postMessage('go');
    const times = await Promise.all(finished);
    expect(Math.max(...times.map(({ began }) => began)), 'the last begins before the first ends').toBeLessThan(
      Math.min(...times.map(({ ended }) => ended)),
    );
    const [first, ...others] = times.map(({ results }) => results);
    expect(first).toHaveLength(240);
    expect(new Set(first).size, 'every round the same').toBe(4);
    for (const other of others) expect(other).toEqual(first);
    expect(await Promise.all(exits)).toEqual([0, 0, 0]);
  });

  it('have settings of their own', async () => {
    const { threads, deviceReason } = info();
    const worker = startWorker(
      "config({ threads: 7, device: 'cpu' }); parentPort.postMessage([info().threads, info().deviceReason]);",
    );
    const exit = ended(worker);
    expect(await firstMessage(worker)).toEqual([7, "config({ device: 'cpu' }) chose it"]);
    await exit;
    expect(deviceReason).not.toContain('chose');
    expect(info()).toMatchObject({ threads, deviceReason });
  });

  it('have instruction sets of their own, while both compute', async () => {
    const here = info().isa;
    const isas = ['baseline', here];
    const program = (isa: string) => `
      config({ isa: '${isa}' });
      const { sum, logits, options } = problem(60, 4);
      const first = [...sum.valueAndGrad(logits, options).gradient.data];
      parentPort.postMessage('ready');
      await new Promise((resolve) => parentPort.once('message', resolve));
      for (let i = 0; i < 200; i++) {
        const { gradient } = i % 2 === 0 ? sum.valueAndGrad(logits, options) : await sum.valueAndGradAsync(logits, options);
        if (gradient.data.some((each, at) => each !== first[at])) throw new Error('it has changed at step ' + i);
      }
      parentPort.postMessage([info().isa, first]);
    `;
    const workers = isas.map((isa) => startWorker(program(isa)));
    const exits = workers.map(ended);
    expect(await Promise.all(workers.map((worker) => firstMessage(worker)))).toEqual(['ready', 'ready']);
    const results = workers.map((worker) => firstMessage<[string, number[]]>(worker));
    for (const worker of workers) worker.postMessage('go');
    const [[lesser, ofLesser], [best, ofBest]] = (await Promise.all(results)) as [
      [string, number[]],
      [string, number[]],
    ];
    expect(await Promise.all(exits)).toEqual([0, 0]);
    expect(best).toBe(here);
    expect(lesser).toBe(process.arch === 'arm64' ? 'neon' : 'baseline');
    expect(info().isa).toBe(here);
    // Products and sums are fused on one of them only: the bits tell whose kernels have run.
    if (lesser !== best) expect(ofLesser).not.toEqual(ofBest);
    for (const [at, each] of ofLesser.entries()) expect(each).toBeCloseTo(ofBest[at] as number, 12);
  });

  it('have errors of their own', async () => {
    const worker = startWorker(`
      const { kernel } = problem(5, 2);
      kernel.dispose();
      try { kernel.toMatrix(); } catch (error) {
        parentPort.postMessage([error instanceof genmi.GenmiError, error.code]);
      }
    `);
    const exit = ended(worker);
    expect(await firstMessage(worker)).toEqual([true, 'ERR_DISPOSED']);
    await exit;
  });

  it('leave the main thread its affinities when they end', async () => {
    const affinity = Affinity.kernel(gaussian(random(1), 20, 2), { kernel: 'rbf' });
    const before = affinity.toMatrix();
    for (let i = 0; i < 4; i++) {
      const worker = startWorker('const { sum, logits, options } = problem(30, 3); sum.value(logits, options);');
      expect(await ended(worker)).toBe(0);
    }
    expect(affinity.toMatrix()).toEqual(before);
  });
});

describe('the addon loaded twice', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'genmi-twice-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('into one environment, from one file and from a copy, works side by side', async () => {
    const copy = path.join(folder, 'copy.node');
    copyFileSync(info().binary, copy);
    const result = await runProgram(`
      const { sum, logits, options } = problem(20, 3);
      const expected = sum.value(logits, options);
      const error = (code, message) => Object.assign(new Error(message), { code });
      const { native } = await import(new URL('native.js', ${JSON.stringify(entry.href)}).href);
      const addons = [native];
      for (const file of [info().binary, ${JSON.stringify(copy)}]) {
        const module = { exports: {} };
        process.dlopen(module, file);
        const addon = module.exports.open(error);
        const kl = new addon.Objective('f-divergence', { mode: 'ova', f: 'kl' });
        const value = kl.evaluate(logits.data, 20, 3, true, false, 1e-12, null, null);
        if (value !== genmi.kl({ mode: 'ova' }).value(logits, options)) throw new Error('other values');
        addons.push(addon);
      }
      const measure = { kind: 'kernel', name: 'rbf', storage: 'dense', precision: 'float64' };
      const affinities = addons.map((addon) => addon.measure(logits.data, 20, 3, measure));
      const outcomes = addons.map((addon) => affinities.map((affinity) => {
        try {
          return new addon.Objective('mmd', { mode: 'ova', affinity }).evaluate(logits.data, 20, 3, true, false, 1e-12, null, null) > 0;
        } catch ({ code }) {
          return code;
        }
      }));
      // An object of the one is no object of the other.
      const none = 'ERR_INVALID_ARG_TYPE';
      const own = [[true, none, none], [none, true, none], [none, none, true]];
      if (JSON.stringify(outcomes) !== JSON.stringify(own)) throw new Error(JSON.stringify(outcomes));
      if (sum.value(logits, options) !== expected) throw new Error('changed');
      try { genmi.gemini('mmd_ova'); } catch (error) { if (!(error instanceof TypeError)) throw error; }
      console.log('fine');
    `);
    expect(result).toMatchObject({ code: 0, signal: null, stdout: 'fine\n' });
  });

  it('in a worker before the main thread, and after it is gone again', async () => {
    const source = JSON.stringify(workerSource('problem(10, 2).sum.value(problem(10, 2).logits);'));
    const result = await runProgram(`
      const { Worker } = await import('node:worker_threads');
      const run = () => new Promise((resolve, reject) => {
        const worker = new Worker(${source}, { eval: true, execArgv: [] });
        worker.once('error', reject);
        worker.once('exit', resolve);
      });
      console.log(await run(), await run(), problem(10, 2).kernel.size, await run());
    `);
    expect(result).toMatchObject({ code: 0, signal: null, stdout: '0 0 10 0\n' });
  });
});

it('the addon loaded by a worker alone leaves a process that goes on and ends well', async () => {
  const source = JSON.stringify(
    workerSource('const { sum, logits, options } = problem(40, 3); await sum.valueAsync(logits, options);'),
  );
  const result = await runBare(`
    const { Worker } = await import('node:worker_threads');
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(${source}, { eval: true, execArgv: [] });
      const exit = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
      console.log(await exit);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log('went on');
  `);
  expect(result).toMatchObject({ code: 0, signal: null, stdout: '0\n0\n0\nwent on\n' });
});

describe('an environment that ends while work is in flight', () => {
  const big = `
    const { transport, kernel, sum, logits, options } = problem(500, 6);
    const solver = new genmi.TransportSolver(problem(600, 2).distance);
    const uniform = new Float64Array(600).fill(1 / 600);
    const point = Float64Array.from(uniform, (_, i) => Number(i === 0));
    const pending = [
      transport.valueAndGradAsync(logits, options),
      sum.valueAsync(logits, options),
      Affinity.kernelAsync({ data: numbers(2000 * 200, 3), shape: [2000, 200] }, { kernel: 'laplacian', storage: 'dense' }),
      solver.solveManyAsync({ data: numbers(600 * 50, 4), shape: [50, 600] }, uniform).catch(() => {}),
    ];
  `;

  it.each(['process.exit(0)', 'process.exit(0) a little later'])('%s', async (way) => {
    const start = performance.now();
    const result = await runProgram(
      `${big} ${way.endsWith('later') ? 'await sleep(60);' : ''} console.log('leaving'); process.exit(0);`,
    );
    expect(result).toMatchObject({ code: 0, signal: null, stdout: 'leaving\n', stderr: '' });
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('process.exit does not wait for what nobody will read', async () => {
    // Minutes of work: 4,950 transport problems of 1,500 points.
    const start = performance.now();
    const result = await runProgram(
      `const { transport, logits, options } = problem(1500, 100);
       transport.valueAsync(logits, options);
       await sleep(50);
       process.exit(0);`,
      15_000,
    );
    expect(result, 'killed by the test after 15 s?').toMatchObject({ code: 0, signal: null });
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('an exception that nobody catches ends the process as any would', async () => {
    const result = await runProgram(`${big} await sleep(30); throw new Error('on purpose');`);
    expect(result).toMatchObject({ code: 1, signal: null });
    expect(result.stderr).toContain('on purpose');
  });

  it('a worker that is terminated, again and again', async () => {
    for (const milliseconds of [0, 5, 20, 60]) {
      const worker = startWorker(`${big} parentPort.postMessage('started'); setInterval(() => {}, 1000);`);
      await firstMessage(worker);
      await sleep(milliseconds);
      expect(await worker.terminate()).toBe(1);
    }
    // This environment is untouched.
    expect(Affinity.kernel([[1], [2]], { kernel: 'rbf' }).size).toBe(2);
  });

  it('a worker that is terminated while it trains', async () => {
    for (const milliseconds of [0, 5, 60]) {
      const worker = startWorker(
        `const { Network, train } = await import(new URL('networks/index.js', ${JSON.stringify(entry.href)}));
         const data = { data: numbers(40_000, 5), shape: [2000, 20] };
         const network = Network.dense({ inputs: 20, layers: [{ width: 100, batchNormalization: true }], outputs: 5 });
         network.forward(data);
         parentPort.postMessage('started');
         network.predictAsync(data).catch(() => {});
         train(network, { data, objective: kl({ mode: 'ova' }), epochs: 10_000, batchSize: 50, onEpoch: () => {} });`,
      );
      await firstMessage(worker);
      await sleep(milliseconds);
      expect(await worker.terminate()).toBe(1);
    }
  });

  it('a worker that calls process.exit', async () => {
    const worker = startWorker(`${big} await sleep(20); process.exit(3);`);
    expect(await ended(worker)).toBe(3);
  });

  it('a process that ends by itself waits for the work', async () => {
    const result = await runProgram(`
      const { transport, logits, options } = problem(300, 4);
      transport.valueAsync(logits, options).then((value) => console.log(value > 0));
    `);
    expect(result).toMatchObject({ code: 0, stdout: 'true\n' });
  });
});

describe('an asynchronous evaluation', () => {
  const next = random(44);
  const n = 1000;
  const k = 20;
  const x = gaussian(next, n, 3);
  const logits = gaussian(next, n, k);
  const distance = Affinity.distance(x, { metric: 'sqeuclidean' });
  const transport = wasserstein({ mode: 'ovo', affinity: distance });
  const fromLogits = { from: 'logits' } as const;

  it('aborted in the middle rejects with the reason of the signal, soon', async () => {
    // 190 transport problems of 1,000 points: some seconds.
    for (const call of ['valueAsync', 'valueAndGradAsync'] as const) {
      const controller = new AbortController();
      const reason = { the: 'reason' };
      const out = new Float64Array(n * k).fill(42);
      const options = { ...fromLogits, signal: controller.signal, ...(call === 'valueAndGradAsync' && { out }) };
      const rejected = rejectionOf(() => transport[call](logits, options));
      await sleep(100);
      const aborted = performance.now();
      controller.abort(reason);
      expect(await rejected).toBe(reason);
      expect(performance.now() - aborted).toBeLessThan(500);
      expect(out, 'nothing is half written').toEqual(new Float64Array(n * k).fill(42));
    }
  });

  it('aborted before it begins does nothing', async () => {
    const reason = new Error('never');
    const start = performance.now();
    expect(
      await rejectionOf(() => transport.valueAsync(logits, { ...fromLogits, signal: AbortSignal.abort(reason) })),
    ).toBe(reason);
    expect(await rejectionOf(() => transport.valueAndGradAsync(logits, { signal: AbortSignal.abort() }))).toMatchObject(
      { name: 'AbortError' },
    );
    expect(performance.now() - start).toBeLessThan(200);
  });

  it('keeps its result when it is aborted after its end', async () => {
    const controller = new AbortController();
    const small = mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) });
    const value = await small.valueAsync(logits, { ...fromLogits, signal: controller.signal });
    controller.abort();
    expect(value).toBe(small.value(logits, fromLogits));
  });

  it('leaves the event loop free', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 2);
    const rows = Int32Array.from({ length: 500 }, (_, i) => i);
    const batch: Matrix = { data: logits.data.subarray(0, 500 * k), shape: [500, k] };
    const start = performance.now();
    await transport.valueAsync(batch, { ...fromLogits, rows });
    const seconds = (performance.now() - start) / 1000;
    clearInterval(timer);
    expect(seconds).toBeGreaterThan(0.1);
    expect(turns).toBeGreaterThan(10);
  });

  it('gives what the synchronous one gives, of data as it was at the call', async () => {
    const rows = Int32Array.from({ length: 60 }, (_, i) => 3 * i);
    const batch = { data: logits.data.slice(0, 60 * k), shape: [60, k] as const };
    const expected = transport.valueAndGrad(batch, { ...fromLogits, rows });
    const out = new Float64Array(60 * k);
    const promises = [
      transport.valueAndGradAsync(batch, { ...fromLogits, rows }),
      transport.valueAndGradAsync(batch, { ...fromLogits, rows, out }),
    ];
    const value = transport.valueAsync(batch, { ...fromLogits, rows });
    batch.data.fill(Number.NaN);
    rows.fill(0);
    for (const result of await Promise.all(promises)) expect(result).toEqual(expected);
    expect((await promises[1])?.gradient.data).toBe(out);
    expect(await value).toBe(expected.value);
  });

  it('is the same to the bit on any number of threads, like a synchronous one', async () => {
    const { threads } = info();
    const rows = Int32Array.from({ length: 80 }, (_, i) => 5 * i);
    const batch: Matrix = { data: logits.data.subarray(0, 80 * k), shape: [80, k] };
    const kernel = Affinity.kernel(x, { kernel: 'rbf', storage: 'features' });
    const others = [transport, mmd({ mode: 'ovo', affinity: kernel })];
    const results = [];
    for (const count of [1, 2, 3, 8]) {
      config({ threads: count });
      results.push(others.map((objective) => objective.valueAndGrad(batch, { ...fromLogits, rows })));
      results.push(
        await Promise.all(others.map((objective) => objective.valueAndGradAsync(batch, { ...fromLogits, rows }))),
      );
    }
    config({ threads });
    for (const result of results) expect(result).toEqual(results[0]);
  });
});
