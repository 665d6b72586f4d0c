/** Objects of a second copy of the package, and proxies around objects: the message names the case and a remedy. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as genmi from '../../src/index.js';
import * as networks from '../../src/networks/index.js';
import { geminiLoss } from '../../src/tfjs/index.js';
import { root } from '../support/dist.js';
import { expectError, rejectionOf, thrownBy } from '../support/errors.js';

const x = [
  [0, 1],
  [1, 0],
  [2, 2],
];
const tau = [
  [0.5, 0.5],
  [0.2, 0.8],
  [0.9, 0.1],
];

function objectsOf(
  { Affinity, mmd, Samples, TransportSolver }: typeof genmi,
  { adam, Network }: typeof networks = networks,
) {
  const affinity = Affinity.distance(x, { metric: 'euclidean' });
  const kernel = Affinity.kernel(x, { kernel: 'rbf' });
  return {
    affinity,
    kernel,
    objective: mmd({ mode: 'ova', affinity: kernel }),
    solver: new TransportSolver(affinity),
    network: Network.linear({ inputs: 2, outputs: 2 }),
    optimizer: adam(),
    samples: new Samples({ data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] }),
  };
}
type Objects = ReturnType<typeof objectsOf>;

// Every function that takes an object as an argument; `methods` are the object's own.
const network = networks.Network.linear({ inputs: 2, outputs: 2 });
const options = { data: x, objective: genmi.kl({ mode: 'ova' }), epochs: 1 };
const calls: Record<
  'affinity' | 'objective' | 'solver' | 'network' | 'optimizer' | 'samples',
  Record<string, (it: Objects) => unknown>
> = {
  affinity: {
    mmd: ({ kernel }) => genmi.mmd({ mode: 'ova', affinity: kernel }),
    wasserstein: ({ affinity }) => genmi.wasserstein({ mode: 'ova', affinity }),
    gemini: ({ affinity }) => genmi.gemini('wasserstein_ovo', { affinity }),
    distance: ({ affinity }) => new genmi.TransportSolver(affinity),
    x: ({ affinity }) => genmi.Affinity.hops(affinity),
  },
  objective: {
    'objectives[1]': ({ objective }) => genmi.add(genmi.kl({ mode: 'ova' }), objective),
    scale: ({ objective }) => genmi.scale(objective, 2),
    train: ({ objective }) => networks.train(network, { ...options, objective }),
  },
  solver: {},
  network: {
    train: ({ network }) => networks.train(network, options),
    step: ({ network }) => networks.adam().step(network),
  },
  optimizer: { train: ({ optimizer }) => networks.train(network, { ...options, optimizer }) },
  samples: {
    kernel: ({ samples }) => genmi.Affinity.kernel(samples, { kernel: 'linear' }),
    train: ({ samples }) => networks.train(network, { ...options, data: samples }),
    predict: ({ samples }) => network.predict(samples),
  },
};
const methods: typeof calls = {
  affinity: {
    rows: ({ affinity }) => affinity.rows([0]),
    toMatrix: ({ affinity }) => affinity.toMatrix(),
    bytes: ({ affinity }) => affinity.bytes,
    'a template': ({ affinity }) => `${affinity}`,
    dispose: ({ affinity }) => affinity.dispose(),
    'Symbol.dispose': ({ affinity }) => affinity[Symbol.dispose](),
  },
  objective: {
    value: ({ objective }) => objective.value(tau),
    valueAndGrad: ({ objective }) => objective.valueAndGrad(tau),
    valueAsync: ({ objective }) => objective.valueAsync(tau),
    valueAndGradAsync: ({ objective }) => objective.valueAndGradAsync(tau),
    affinityGrad: ({ objective }) => objective.affinityGrad(tau),
    estimate: ({ objective }) => objective.estimate(3, 2),
  },
  solver: {
    solve: ({ solver }) => solver.solve([1, 0, 0], [0, 1, 0]),
    solveMany: ({ solver }) => solver.solveMany([[1, 0, 0]], [0, 1, 0]),
    solveManyAsync: ({ solver }) => solver.solveManyAsync([[1, 0, 0]], [0, 1, 0]),
    dispose: ({ solver }) => solver.dispose(),
  },
  network: {
    predict: ({ network }) => network.predict(x),
    predictProba: ({ network }) => network.predictProba(x),
    logits: ({ network }) => network.logits(x),
    predictAsync: ({ network }) => network.predictAsync(x),
    predictProbaAsync: ({ network }) => network.predictProbaAsync(x),
    logitsAsync: ({ network }) => network.logitsAsync(x),
    parameters: ({ network }) => network.parameters(),
    gradients: ({ network }) => network.gradients(),
    load: ({ network }) => network.load({}),
    forward: ({ network }) => network.forward(x),
    backward: ({ network }) => network.backward(tau),
    bytes: ({ network }) => network.bytes,
    'a template': ({ network }) => `${network}`,
    dispose: ({ network }) => network.dispose(),
  },
  optimizer: {
    name: ({ optimizer }) => optimizer.name,
    learningRate: ({ optimizer }) => optimizer.learningRate,
    step: ({ optimizer }) => optimizer.step(network),
  },
  samples: {},
};
const listed = (table: typeof calls) =>
  Object.entries(table).flatMap(([kind, each]) => Object.entries(each).map(([name, call]) => ({ kind, name, call })));

const errorOf = (call: (it: Objects) => unknown, it: Objects) => rejectionOf(async () => call(it));

function expectRefused(error: unknown, received: string, remedy: RegExp) {
  const [argument = ''] = (error as Error).message.split(':');
  expect(['affinity', 'costs', 'x', 'objective', 'objectives[1]', 'solver', 'network', 'optimizer', 'data']).toContain(
    argument,
  );
  expectError(error, { code: 'ERR_INVALID_ARG_TYPE', argument, received });
  expect((error as Error).message).toMatch(remedy);
}

describe('a second copy of the package', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'genmi-copy-'));
  let theirs: Objects;
  beforeAll(async () => {
    for (const part of ['dist', 'build/Release/genmi.node', 'package.json']) {
      cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    const load = (file: string) => import(pathToFileURL(path.join(folder, 'dist', file)).href);
    theirs = objectsOf(await load('index.js'), await load('networks/index.js'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(listed(calls))('$kind given to $name', async ({ call }) => {
    expectRefused(await errorOf(call, theirs), `of another copy of genmi, loaded from ${folder}`, /npm dedupe/);
  });
  it('makes objectives that losses take', async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    const loss = geminiLoss(tf, theirs.objective);
    expect(loss(tf.tensor2d(tau)).dataSync()[0]).toBeCloseTo(-theirs.objective.value(tau), 5);
  });
});

describe('the package loaded twice from one folder', () => {
  it('says so', async () => {
    const once = objectsOf(await import(`${pathToFileURL(path.join(root, 'dist/index.js')).href}`));
    expectRefused(
      thrownBy(() => genmi.mmd({ mode: 'ova', affinity: once.kernel })),
      'of another copy of genmi',
      /reset modules/,
    );
  });
});

describe('proxies', () => {
  const handlers: Record<string, ProxyHandler<object>> = {
    'that do nothing': {},
    'of a store, which wrap what they give': {
      get(target, key, receiver) {
        const value: unknown = Reflect.get(target, key, receiver);
        return typeof value === 'object' && value !== null ? new Proxy(value, {}) : value;
      },
    },
  };
  const wrapped = (handler: ProxyHandler<object>) =>
    Object.fromEntries(Object.entries(objectsOf(genmi)).map(([name, it]) => [name, new Proxy(it, handler)])) as Objects;

  describe.each(Object.entries(handlers))('%s', (_, handler) => {
    it.each([...listed(calls), ...listed(methods)])('$kind and $name', async ({ call }) => {
      expectRefused(await errorOf(call, wrapped(handler)), 'a Proxy around', /toRaw\(\) of Vue/);
    });
    it('an objective in a loss', async () => {
      expectRefused(
        thrownBy(() => geminiLoss(tf, wrapped(handler).objective)),
        'a Proxy around',
        /toRaw/,
      );
    });
  });
  it('work where the target is taken out of the proxy', () => {
    const { kernel } = objectsOf(genmi);
    const proxy = new Proxy({ it: kernel }, {});
    expect(genmi.mmd({ mode: 'ova', affinity: proxy.it }).value(tau)).toBeGreaterThan(0);
  });
});

describe('objects that only look like ours', () => {
  const { affinity, objective, solver, network, optimizer, samples } = objectsOf(genmi);
  const likenesses: Record<string, (it: object) => object> = {
    'with the prototype': (it) => Object.create(Object.getPrototypeOf(it)),
    'derived from one': (it) => Object.create(it),
  };
  it.each(Object.entries(likenesses))('%s', async (_, like) => {
    const fake = {
      affinity: like(affinity),
      kernel: like(affinity),
      objective: like(objective),
      solver: like(solver),
      network: like(network),
      optimizer: like(optimizer),
      samples: like(samples),
    } as Objects;
    for (const { call } of [...listed(calls), ...listed(methods)]) {
      expectRefused(await errorOf(call, fake), 'an object with the prototype of one', /not made by genmi/);
    }
  });
});

describe('native objects stay inside', () => {
  const objects = objectsOf(genmi);
  it.each(Object.entries(objects))('no property of %s leads to one', (_, it) => {
    const seen = new Set<unknown>();
    const visit = (value: unknown) => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      for (const name of ['submatrix', 'evaluate', 'evaluateAsync', 'rehearse', 'cancel', 'arrays', 'run', 'append'])
        expect(value).not.toHaveProperty(name);
      for (const key of Reflect.ownKeys(value)) visit((value as Record<PropertyKey, unknown>)[key]);
    };
    visit(it);
  });
  it('no affinity can be constructed from outside', () => {
    const Constructor = genmi.Affinity as unknown as new (...list: unknown[]) => unknown;
    for (const list of [
      [],
      [{ submatrix() {} }],
      [Symbol('internal'), { submatrix() {} }],
      [undefined, objects.affinity],
    ]) {
      expectError(
        thrownBy(() => new Constructor(...list)),
        {
          code: 'ERR_INVALID_ARG_TYPE',
          argument: 'Affinity',
          received: 'new Affinity()',
        },
      );
    }
  });
});
