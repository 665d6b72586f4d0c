/** Objects of the addon, and objects that look like one: the addon knows its own, and refuses all others. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/dist.js';

// A process of its own, since such calls have ended processes. Each line of its output is a case that went wrong.
const setUp = `
  const { copyFileSync, mkdtempSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const path = await import('node:path');
  const folder = mkdtempSync(path.join(tmpdir(), 'genmi-handles-'));
  function load(file) {
    const module = { exports: {} };
    process.dlopen(module, file);
    return module.exports.open((code, message) => Object.assign(new Error(message), { code }));
  }
  const copy = path.join(folder, 'copy.node');
  copyFileSync(info().binary, copy);
  const [addon, again, other] = [load(info().binary), load(info().binary), load(copy)];
  const x = numbers(20, 1);
  const tau = Float64Array.from({ length: 20 }, () => 0.5);
  const distances = { kind: 'distance', name: 'euclidean', storage: 'dense', precision: 'float64' };
  const description = { precision: 'float64', inputs: 2, outputs: 2, samples: 0, layers: [], skip: false, init: 'uniform', headScale: 1, seed: 0 };
  const rule = { rule: 'adam' };
  const settings = { epochs: 1, batchSize: 0, seed: 0, schedule: 'constant', optimizer: rule };
  const logits = new Float64Array(20);
  const room = (n) => new Float64Array(n);
  function objects(from) {
    const affinity = from.measure(x, 10, 2, distances);
    const objective = new from.Objective('wasserstein', { mode: 'ova', affinity });
    const network = new from.Network(description);
    const samples = new from.Samples('float64', 10, 2, 1, 0);
    samples.append(x, 20);
    const optimizer = new from.Optimizer(network, rule);
    const training = new from.Training(new from.Network(description), new from.Objective('f-divergence', { mode: 'ova', f: 'kl' }), settings);
    return { affinity, objective, solver: new from.Solver(affinity), job: new from.Job(), network, samples, optimizer, training };
  }
  const real = objects(addon);
  const calls = {
    affinity: [
      (it) => addon.hops(it, { quantile: 0.5 }),
      (it) => addon.hopsAsync(it, {}, new addon.Job()),
      (it) => new addon.Solver(it),
      (it) => new addon.Objective('wasserstein', { mode: 'ova', affinity: it }),
      (it) => real.affinity.submatrix.call(it, null, new Float64Array(100)),
      (it) => real.affinity.dispose.call(it),
    ],
    objective: [
      (it) => new addon.Objective('sum', { mode: 'ova', terms: [{ objective: it, factor: 1 }] }),
      (it) => real.objective.evaluate.call(it, tau, 10, 2, false, false, 1e-12, null, null),
      (it) => real.objective.rehearse.call(it, tau, 10, 2, false, false, 1e-12, null, null),
      (it) => real.objective.evaluateAsync.call(it, tau, 10, 2, false, false, 1e-12, null, null, null, new addon.Job()),
      (it) => real.objective.affinityGradient.call(it, tau, 10, 2, false, false, 1e-12, null, new Float64Array(100)),
      (it) => real.objective.cost.call(it, 10, 2),
    ],
    solver: [
      (it) => real.solver.solveMany.call(it, tau.subarray(0, 10), tau.subarray(0, 10), 1, true, {}, new Float64Array(7), null, null),
      (it) => real.solver.solveManyAsync.call(it, tau.subarray(0, 10), tau.subarray(0, 10), 1, true, {}, new Float64Array(7), null, null, new addon.Job()),
      (it) => real.solver.dispose.call(it),
    ],
    network: [
      (it) => new addon.Optimizer(it, rule),
      (it) => new addon.Training(it, real.objective, settings),
      (it) => real.network.arrays.call(it),
      (it) => real.network.read.call(it, false, new Float64Array(6)),
      (it) => real.network.write.call(it, new Float64Array(6)),
      (it) => real.network.predict.call(it, 'logits', logits, x, 10, 2, 1, 0),
      (it) => real.network.predictAsync.call(it, 'logits', new Float64Array(20), real.samples, new addon.Job()),
      (it) => real.network.forward.call(it, 'training', logits, x, 10, 2, 1, 0, null),
      (it) => real.network.backward.call(it, logits, true, null),
      (it) => real.network.dispose.call(it),
      (it) => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(real.network), 'bytes').get.call(it),
    ],
    samples: [
      (it) => real.samples.append.call(it, x, 0),
      (it) => real.network.predictAsync('logits', new Float64Array(20), it, new addon.Job()),
      (it) => real.training.run(it, 1, new addon.Job()),
      (it) => addon.neighborLengthsAsync(it, new Float64Array(10), new addon.Job()),
      (it) => real.samples.prepareAsync.call(it, new addon.Job()),
    ],
    optimizer: [(it) => real.optimizer.step.call(it, 1)],
    training: [
      (it) => real.training.results.call(it, room),
      (it) => real.training.failure.call(it),
      (it) => real.training.snapshot.call(it, room),
      (it) => real.training.run.call(it, real.samples, 1, new addon.Job()),
      (it) => real.training.end.call(it),
    ],
    job: [
      (it) => addon.hopsAsync(real.affinity, { quantile: 0.5 }, it),
      (it) => real.objective.evaluateAsync(tau, 10, 2, false, false, 1e-12, null, null, null, it),
      (it) => real.job.cancel.call(it),
      (it) => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(real.job), 'progress').get.call(it),
      (it) => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(real.job), 'steps').get.call(it),
    ],
  };
  // Every call with an object of another kind must throw, with a code where the addon itself was reached.
  function refuses(kind, name, it) {
    calls[kind].forEach((call, i) => {
      try {
        const result = call(it);
        if (result instanceof Promise) result.catch(() => {});
        console.log(kind, i, 'accepted', name);
      } catch (error) {
        const reached = !(error instanceof TypeError && /Illegal invocation/.test(error.message));
        if (reached && !/^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/.test(error.code)) console.log(kind, i, name, error.message);
      }
    });
  }
`;
const end = `
  rmSync(folder, { recursive: true, force: true });
  for (const [kind, each] of Object.entries(calls)) each[0](real[kind]);
  console.log('alive');`;
const alive = { code: 0, signal: null, stdout: 'alive\n', stderr: '' };

const impostors: Record<string, string> = {
  'values that are none': `
    const none = { null: null, text: 'a', number: 1, function: () => {}, object: {}, array: [], date: new Date() };
    for (const kind of Object.keys(calls))
      for (const [name, it] of Object.entries(none)) if (kind !== 'job' || it !== null) refuses(kind, name, it);`,
  'objects with its prototype': `
    for (const kind of Object.keys(calls)) {
      const prototype = Object.getPrototypeOf(real[kind]);
      refuses(kind, 'Object.create', Object.create(prototype));
      refuses(kind, 'derived', Object.create(real[kind]));
      refuses(kind, 'array', Object.setPrototypeOf([], prototype));
      refuses(kind, 'typed array', Object.setPrototypeOf(new Int32Array(4), prototype));
      refuses(kind, 'Reflect.construct', Reflect.construct(Object, [], real[kind].constructor));
    }`,
  'objects of another kind with its prototype': `
    for (const kind of Object.keys(calls)) {
      const others = objects(addon);
      for (const [name, it] of Object.entries(others))
        if (name !== kind) refuses(kind, name, Object.setPrototypeOf(it, Object.getPrototypeOf(real[kind])));
    }`,
  'objects of the addon loaded again, and of a copy': `
    for (const [name, from] of Object.entries({ again, copy: other })) {
      for (const kind of Object.keys(calls)) {
        const theirs = objects(from);
        refuses(kind, name, theirs[kind]);
        refuses(kind, name + ' with its prototype', Object.setPrototypeOf(theirs[kind], Object.getPrototypeOf(real[kind])));
      }
    }`,
  'objects that other addons wrapped': `
    const { performance, PerformanceObserver } = await import('node:perf_hooks');
    const { createHash } = await import('node:crypto');
    for (const kind of Object.keys(calls))
      for (const it of [createHash('sha1'), performance, new PerformanceObserver(() => {}), process.stdout, globalThis])
        refuses(kind, it.constructor.name, it);`,
  proxies: `
    for (const kind of Object.keys(calls)) {
      refuses(kind, 'proxy', new Proxy(real[kind], {}));
      refuses(kind, 'proxy that lies', new Proxy({}, { getPrototypeOf: () => Object.getPrototypeOf(real[kind]) }));
    }`,
};

describe('an object that this addon did not make is refused', () => {
  it.each(Object.entries(impostors))('%s', async (_, code) => {
    expect(await runProgram(setUp + code + end)).toMatchObject(alive);
  });
});

it('its classes can be called with any arguments, however they are reached', async () => {
  const code = `
    const arguments_ = [[], [null], [{}], [1, 2, 3], [real.affinity], [real.job], ['wasserstein'], ['wasserstein', {}],
      ['wasserstein', { mode: 'ova', affinity: {} }], ['sum', { terms: [null] }], ['sum', { terms: {} }], ['sum', { terms: [1] }],
      [new Float64Array(4), 2, 2], [new Float64Array(4), 2 ** 40, 2 ** 40], [new Proxy({}, {})], [Symbol('s')]];
    class Bare { constructor() { return this; } }
    for (const { constructor } of Object.values(real)) {
      for (const list of arguments_) {
        for (const make of [
          () => new constructor(...list),
          () => constructor(...list),
          () => constructor.apply(real.affinity, list),
          () => Reflect.construct(constructor, list, Bare),
          () => Reflect.construct(constructor, list, Array),
          () => new (class extends constructor {})(...list),
        ]) {
          try { make(); } catch {}
        }
      }
    }
    for (let i = 0; i < 2000; i++) { try { new real.affinity.constructor(); console.log('made an affinity'); } catch {} }`;
  expect(await runProgram(setUp + code + end)).toMatchObject(alive);
});
