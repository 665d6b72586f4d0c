/** Memory that another thread writes while genmi reads it, and memory that JavaScript resizes or takes away. */
import { describe, expect, it } from 'vitest';
import { Affinity as Affinities, type Affinity, entropy, kl, type Matrix, mmd, wasserstein } from '../../src/index.js';
import { runProgram } from '../support/dist.js';
import { expectError, rejectionOf, thrownBy } from '../support/errors.js';

// The time for each case; the nightly run takes more.
const MILLISECONDS = Number(process.env.GENMI_HAMMER_MS ?? 300);

const alive = { code: 0, signal: null, stdout: 'alive\n', stderr: '' };

// A worker thread writes right and wrong numbers into `shared` by turns, without a pause, while `call` is made again and again.
// A call may fail with a code, or returns a result that `right` accepts. A process of its own: such calls have ended processes.
function hammered({ shared, call, right }: { shared: string; call: string; right: string }): string {
  return `
    const { Worker } = await import('node:worker_threads');
    const x = { data: numbers(60, 1), shape: [20, 3] };
    const [distance, kernel] = [Affinity.distance(x, { metric: 'euclidean' }), Affinity.kernel(x, { kernel: 'rbf' })];
    // Entries 0 and 1: any other number is foreign memory.
    const discrete = { data: Float64Array.from({ length: 400 }, (_, i) => Number(i % 21 !== 0)), shape: [20, 20] };
    const ones = Affinity.precomputed(discrete, 'distance');
    const networks = await import(new URL('networks/index.js', '${new URL('../../dist/index.js', import.meta.url).href}'));
    const linear = networks.Network.linear({ inputs: 3, outputs: 2 });
    const tau = { data: new Float64Array(40).fill(0.5).map((t, i) => t + 0.01 * (i % 7)), shape: [20, 2] };
    const all = { entropy: genmi.entropy({ of: 'predictions' }), kl: kl({ mode: 'ovo' }), mmd: mmd({ mode: 'ova', affinity: kernel }),
      squared: mmd({ mode: 'ovo', affinity: kernel, squared: true }), wasserstein: wasserstein({ mode: 'ova', affinity: distance }) };
    const finite = (array) => array.every(Number.isFinite);
    const { shared, good, bad } = ${shared};
    shared.fill(good);
    const worker = new Worker(\`
      const { workerData: { shared, good, bad } } = require('node:worker_threads');
      const clock = new Int32Array(shared.buffer, 0, 1);
      const pause = (turns) => { for (let i = 0; i < turns; i++) Atomics.load(clock, 0); };
      // Right and wrong numbers stay for some nanoseconds to some microseconds.
      for (let turn = 1; ; turn = (turn * 48271) % 2147483647) {
        shared.fill(good);
        pause(turn % 97);
        for (let i = turn % 3; i < shared.length; i += 3) shared[i] = bad;
        pause(turn % 53);
      }\`, { eval: true, workerData: { shared, good, bad }, execArgv: [] });
    await new Promise((started) => worker.once('online', started));
    const end = performance.now() + ${MILLISECONDS};
    let [passed, refused] = [0, 0];
    while (performance.now() < end) {
      try {
        const result = await (${call})();
        if (!(${right})(result)) { console.log('wrong', result); break; }
        passed += 1;
      } catch (error) {
        if (!/^ERR_/.test(error.code)) { console.log(error.stack); break; }
        refused += 1;
      }
    }
    await worker.terminate();
    if (passed === 0 && refused === 0) console.log('never called');
    console.log('alive');`;
}

const shared = (type: string, length: number, good: string, bad: string) =>
  `{ shared: new ${type}(new SharedArrayBuffer(${length} * ${type}.BYTES_PER_ELEMENT)), good: ${good}, bad: ${bad} }`;

describe('a thread that writes meanwhile finds no gap between check and use: rows', () => {
  // Wrong rows: slightly too large, and far beyond all memory of the process.
  const indices: Record<string, string> = {
    'a little too large': '400',
    'far off': '0x7fffffff',
    negative: '-0x7fffff00',
  };
  const calls: Record<string, [string, string]> = {
    'affinity.rows': ['() => ones.rows(shared)', '({ data }) => data.every((d) => d === 0 || d === 1)'],
    value: ['() => wasserstein({ mode: "ova", affinity: ones }).value(tau, { rows: shared })', 'Number.isFinite'],
    valueAndGrad: ['() => all.mmd.valueAndGrad(tau, { rows: shared })', '({ gradient }) => finite(gradient.data)'],
    valueAsync: ['() => all.wasserstein.valueAsync(tau, { rows: shared })', 'Number.isFinite'],
    valueAndGradAsync: [
      '() => all.mmd.valueAndGradAsync(tau, { rows: shared })',
      '({ value }) => Number.isFinite(value)',
    ],
    affinityGrad: ['() => all.mmd.affinityGrad(tau, { rows: shared })', '({ data }) => finite(data)'],
  };
  it.each(Object.keys(calls).flatMap((call) => Object.keys(indices).map((index) => [call, index] as const)))(
    '%s, %s',
    async (call, index) => {
      const [code, right] = calls[call] as [string, string];
      const program = hammered({ shared: shared('Int32Array', 20, '3', indices[index] as string), call: code, right });
      expect(await runProgram(program)).toMatchObject(alive);
    },
  );

  it('of a loss in TensorFlow.js', async () => {
    const call = `() => {
      globalThis.tf ??= tf;
      return globalThis.loss(globalThis.logits, shared).dataSync()[0];
    }`;
    const program = `
      const { createRequire } = await import('node:module');
      const tf = createRequire(process.cwd() + '/')('@tensorflow/tfjs');
      await tf.setBackend('cpu');
      const { geminiLoss } = await import(new URL('tfjs/index.js', import.meta.resolve('${new URL('../../dist/index.js', import.meta.url).href}')));
      {
        const kernel = Affinity.kernel({ data: numbers(60, 1), shape: [20, 3] }, { kernel: 'rbf' });
        globalThis.loss = geminiLoss(tf, mmd({ mode: 'ova', affinity: kernel }), { from: 'logits' });
        globalThis.logits = tf.tensor2d(Float32Array.from(numbers(40, 2)), [20, 2]);
      }
      ${hammered({ shared: shared('Int32Array', 20, '3', '0x7fffffff'), call, right: 'Number.isFinite' })}`;
    const { stdout, code, signal } = await runProgram(program);
    expect({ stdout, code, signal }).toEqual({ stdout: 'alive\n', code: 0, signal: null });
  });
});

describe('a thread that writes meanwhile finds no gap between check and use: numbers', () => {
  const symmetric =
    '({ data }) => finite(data) && data.every((d, i) => d >= 0 && d === data[(i % 20) * 20 + Math.floor(i / 20)])';
  const matrix = '{ data: shared, shape: [20, 20] }';
  const features = '{ data: shared, shape: [20, 3] }';
  const calls: Record<string, [length: number, good: string, bad: readonly string[], call: string, right: string]> = {
    'predictions, every objective': [
      40,
      '0.5',
      ['NaN', '-1', '1e300'],
      '() => Object.values(all).map((each) => each.value({ data: shared, shape: [20, 2] }))',
      'finite',
    ],
    'predictions, gradients': [
      40,
      '0.5',
      ['NaN', 'Infinity'],
      '() => Object.values(all).flatMap((each) => [...each.valueAndGrad({ data: shared, shape: [20, 2] }).gradient.data])',
      'finite',
    ],
    logits: [
      40,
      '0.5',
      ['NaN', '-Infinity'],
      '() => Object.values(all).map((each) => each.value({ data: shared, shape: [20, 2] }, { from: "logits" }))',
      'finite',
    ],
    'predictions, asynchronous': [
      40,
      '0.5',
      ['NaN'],
      '() => all.entropy.valueAsync({ data: shared, shape: [20, 2] })',
      'Number.isFinite',
    ],
    'predictions, affinityGrad': [
      40,
      '0.5',
      ['NaN'],
      '() => all.mmd.affinityGrad({ data: shared, shape: [20, 2] }).data',
      'finite',
    ],
    distances: [
      400,
      '0',
      ['-1', 'NaN', 'Infinity'],
      `() => Affinity.precomputed(${matrix}, 'distance').toMatrix()`,
      symmetric,
    ],
    'features of a distance': [
      60,
      '1',
      ['NaN', '1e308'],
      `() => Affinity.distance(${features}, { metric: 'euclidean' }).toMatrix().data`,
      'finite',
    ],
    'features of a kernel': [
      60,
      '1',
      ['NaN', '-1'],
      `() => Affinity.kernel(${features}, { kernel: 'additive_chi2' }).toMatrix().data`,
      'finite',
    ],
    'features that are kept': [
      60,
      '1',
      ['NaN', 'Infinity'],
      `() => Affinity.distance(${features}, { metric: 'sqeuclidean', storage: 'features' }).toMatrix().data`,
      'finite',
    ],
    'features of hops': [
      60,
      '1',
      ['NaN', '7'],
      `() => Affinity.hops(${features}, { neighbors: 2 }).toMatrix().data`,
      'finite',
    ],
    'features, asynchronous': [
      60,
      '1',
      ['NaN'],
      `async () => (await Affinity.distanceAsync(${features}, { metric: 'manhattan' })).toMatrix().data`,
      'finite',
    ],
    'features of a network': [60, '1', ['NaN', 'Infinity'], `() => linear.logits(${features}).data`, 'finite'],
    'features of a network, asynchronous': [
      60,
      '1',
      ['NaN'],
      `async () => (await linear.logitsAsync(${features})).data`,
      'finite',
    ],
    'features of a training': [
      60,
      '1',
      ['NaN'],
      `async () => (await networks.train(linear, { data: ${features}, objective: all.entropy, epochs: 2 })).history.map(({ loss }) => loss)`,
      'finite',
    ],
    'costs of emd': [
      400,
      '1',
      ['NaN', 'Infinity'],
      `() => genmi.emd(new Float64Array(20).fill(0.05), new Float64Array(20).fill(0.05), ${matrix}).cost`,
      'Number.isFinite',
    ],
    'weights of emd': [
      20,
      '0.05',
      ['NaN', '-1', 'Infinity'],
      '() => genmi.emd(shared, new Float64Array(20).fill(0.05), discrete).cost',
      'Number.isFinite',
    ],
    'weights of solveMany': [
      60,
      '0.05',
      ['NaN', '-1'],
      '() => new genmi.TransportSolver(distance).solveMany({ data: shared, shape: [3, 20] }, new Float64Array(20).fill(0.05)).map(({ cost }) => cost)',
      'finite',
    ],
    'weights of solveManyAsync': [
      60,
      '0.05',
      ['NaN'],
      'async () => (await new genmi.TransportSolver(distance).solveManyAsync({ data: shared, shape: [3, 20] }, new Float64Array(20).fill(0.05))).map(({ cost }) => cost)',
      'finite',
    ],
  };
  const cases = Object.entries(calls).flatMap(([name, [length, good, bads, call, right]]) =>
    bads.map((bad) => ({
      name,
      bad,
      program: hammered({ shared: shared('Float64Array', length, good, bad), call, right }),
    })),
  );
  it.each(cases)('$name, $bad', async ({ program }) => {
    expect(await runProgram(program)).toMatchObject(alive);
  });
});

const n = 12;
const x = { data: Float64Array.from({ length: 2 * n }, (_, i) => Math.sin(i * i)), shape: [n, 2] as const };
const distance = Affinities.distance(x, { metric: 'euclidean' });
const objectives = [
  kl({ mode: 'ova' }),
  entropy({ of: 'proportions' }),
  wasserstein({ mode: 'ovo', affinity: distance }),
];
const logits = () => Float64Array.from({ length: 2 * n }, (_, i) => Math.cos(3 * i));

describe('out that shares memory with an input is refused', () => {
  // 12 x 2 predictions in the first 192 bytes, rows in the 48 bytes behind them, free space behind these.
  function lay(memory: ArrayBufferLike) {
    const predictions: Matrix = { data: new Float64Array(memory, 0, 2 * n), shape: [n, 2] };
    (predictions.data as Float64Array).set(logits());
    const rows = new Int32Array(memory, 16 * n, n);
    rows.set(Array.from({ length: n }, (_, i) => n - 1 - i));
    return { predictions, rows };
  }
  const memories: Record<string, () => [ArrayBufferLike, ArrayBufferLike]> = {
    'one ArrayBuffer': () => {
      const memory = new ArrayBuffer(1024);
      return [memory, memory];
    },
    'one SharedArrayBuffer': () => {
      const memory = new SharedArrayBuffer(1024);
      return [memory, memory];
    },
    'two objects over one memory': () => {
      const memory = new SharedArrayBuffer(1024);
      return [memory, structuredClone(memory)];
    },
  };
  const outs: Record<string, [out: (memory: ArrayBufferLike) => Float64Array | Float32Array, received?: string]> = {
    'that of the predictions': [(memory) => new Float64Array(memory, 0, 2 * n), 'that of the predictions'],
    'the end of the predictions': [(memory) => new Float64Array(memory, 16 * n - 8, 2 * n), 'that of the predictions'],
    'their first byte, in float32': [(memory) => new Float32Array(memory, 0, 2 * n), 'that of the predictions'],
    'that of the rows': [(memory) => new Float64Array(memory, 16 * n, 2 * n), 'that of the rows'],
    'the last row': [(memory) => new Float32Array(memory, 20 * n - 4, 2 * n), 'that of the rows'],
    'the space behind both': [(memory) => new Float64Array(memory, 24 * n, 2 * n)],
  };
  const cases = Object.keys(memories).flatMap((memory) => Object.keys(outs).map((out) => ({ memory, out })));
  it.each(cases)('$memory: $out', async ({ memory, out }) => {
    for (const objective of objectives) {
      const [one, two] = (memories[memory] as () => [ArrayBufferLike, ArrayBufferLike])();
      const { predictions, rows } = lay(one);
      const [make, received] = outs[out] as (typeof outs)[string];
      const options = { from: 'logits', rows, out: make(two) } as const;
      const before = new Uint8Array(one).slice();
      const errors = [
        thrownBy(() => objective.valueAndGrad(predictions, options)),
        await rejectionOf(() => objective.valueAndGradAsync(predictions, options)),
      ];
      if (received === undefined) {
        expect(errors).toEqual([undefined, undefined]);
        expect([...predictions.data]).toEqual([...logits()]);
      } else {
        for (const error of errors) expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'out', received });
        expect(new Uint8Array(one), 'inputs are never written to').toEqual(before);
      }
    }
  });
});

describe('memory that is resized or taken away by a getter', () => {
  type Resizable = ArrayBuffer & { resize(bytes: number): void };
  const resizable = (bytes: number) =>
    new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, { maxByteLength: 4096 });
  const ways: Record<string, (memory: Resizable) => void> = {
    shrunk: (memory) => memory.resize(8),
    emptied: (memory) => memory.resize(0),
    grown: (memory) => memory.resize(4096),
    // Node 24 refuses to transfer what is detached already.
    detached: (memory) => void (memory.byteLength > 0 && structuredClone(memory, { transfer: [memory] })),
  };
  const code = (error: unknown) => (error as { code?: string } | undefined)?.code;
  // The call may succeed where the array still has its length; it never reads or writes elsewhere.
  const settled = ['ERR_OUT_OF_RANGE', undefined];
  const cases = Object.keys(ways).flatMap((way) => [
    { way, tracking: false },
    { way, tracking: true },
  ]);
  const array = <T>(
    type: { new (memory: ArrayBuffer, offset?: number, length?: number): T; BYTES_PER_ELEMENT: number },
    memory: Resizable,
    tracking: boolean,
  ): T => (tracking ? new type(memory) : new type(memory, 0, memory.byteLength / type.BYTES_PER_ELEMENT));

  it.each(cases)('$way, following its length: $tracking', async ({ way, tracking }) => {
    const change = ways[way] as (memory: Resizable) => void;
    for (const objective of objectives) {
      for (const what of ['predictions', 'rows', 'out'] as const) {
        const memory = resizable(what === 'rows' ? 4 * n : 16 * n);
        const predictions: Matrix = {
          data: what === 'predictions' ? array(Float64Array, memory, tracking) : logits(),
          shape: [n, 2],
        };
        const rows =
          what === 'rows' ? array(Int32Array, memory, tracking) : Int32Array.from({ length: n }, (_, i) => i);
        const out = what === 'out' ? array(Float64Array, memory, tracking) : new Float64Array(2 * n);
        const last = (options: object) =>
          Object.defineProperty(options, 'epsilon', {
            enumerable: true,
            get() {
              change(memory);
              return 1e-12;
            },
          });
        const options = () => last({ from: 'logits', rows, out });
        expect(settled).toContain(code(thrownBy(() => objective.valueAndGrad(predictions, options()))));
        expect(settled).toContain(code(await rejectionOf(() => objective.valueAndGradAsync(predictions, options()))));
      }
    }
  });

  it.each(cases)('$way while an asynchronous call runs, following its length: $tracking', async ({ way, tracking }) => {
    for (const objective of objectives) {
      const memories = [resizable(16 * n), resizable(4 * n), resizable(16 * n)] as const;
      const predictions: Matrix = { data: array(Float64Array, memories[0], tracking), shape: [n, 2] };
      (predictions.data as Float64Array).set(logits());
      const rows = array(Int32Array, memories[1], tracking);
      const out = array(Float64Array, memories[2], tracking);
      const promise = rejectionOf(() => objective.valueAndGradAsync(predictions, { from: 'logits', rows, out }));
      for (const memory of memories) (ways[way] as (memory: Resizable) => void)(memory);
      expect(settled).toContain(code(await promise));
    }
  });

  it.each(cases)('$way before an affinity is made, following its length: $tracking', ({ way, tracking }) => {
    const make: ((data: Float64Array, options: () => object) => Affinity)[] = [
      (data, options) => Affinities.distance({ data, shape: [n, n] }, { metric: 'euclidean', ...options() }),
      (data, options) =>
        Affinities.kernel(
          { data, shape: [n, n] },
          Object.defineProperty({ kernel: 'rbf' as const }, 'gamma', {
            enumerable: true,
            get() {
              options();
              return 1;
            },
          }),
        ),
      (data, options) =>
        Affinities.precomputed(
          { data, shape: [n, n] },
          'distance',
          Object.defineProperty({}, 'metric', {
            enumerable: true,
            get() {
              options();
              return false;
            },
          }),
        ),
    ];
    for (const each of make) {
      const memory = resizable(8 * n * n);
      const data = array(Float64Array, memory, tracking);
      const options = () => {
        (ways[way] as (memory: Resizable) => void)(memory);
        return {};
      };
      expect(settled).toContain(code(thrownBy(() => each(data, options))));
    }
  });

  it('shared memory that grows keeps its numbers', () => {
    const growable = new (
      SharedArrayBuffer as unknown as new (
        bytes: number,
        options: object,
      ) => SharedArrayBuffer & {
        grow(bytes: number): void;
      }
    )(16 * n, { maxByteLength: 4096 });
    const data = new Float64Array(growable);
    data.set(logits());
    const expected = kl({ mode: 'ova' }).value({ data: logits(), shape: [n, 2] }, { from: 'logits' });
    const options = {
      from: 'logits' as const,
      get epsilon() {
        growable.grow(4096);
        return 1e-12;
      },
    };
    expect(thrownBy(() => kl({ mode: 'ova' }).value({ data, shape: [n, 2] }, options))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    const fixed = new Float64Array(growable, 0, 2 * n);
    expect(kl({ mode: 'ova' }).value({ data: fixed, shape: [n, 2] }, { from: 'logits' })).toBe(expected);
    expect(
      mmd({ mode: 'ova', affinity: Affinities.kernel(x, { kernel: 'rbf' }) }).value(
        { data: fixed, shape: [n, 2] },
        { from: 'logits' },
      ),
    ).toBeGreaterThan(0);
  });
});

describe('8 MB of predictions of an asynchronous call', () => {
  const [samples, clusters] = [50_000, 20];
  const objective = kl({ mode: 'ova' });
  const shape = [samples, clusters] as const;
  const written = (memory: ArrayBufferLike) => {
    const data = new Float64Array(memory, 0, samples * clusters);
    for (let i = 0; i < data.length; i++) data[i] = Math.cos(i * i);
    return data;
  };
  const expected = objective.valueAndGrad(
    { data: written(new ArrayBuffer(8 * samples * clusters)), shape },
    { from: 'logits' },
  );
  const bytes = 8 * samples * clusters;
  const resizable = () =>
    new (
      ArrayBuffer as unknown as new (
        bytes: number,
        options: object,
      ) => ArrayBuffer & { resize(bytes: number): void }
    )(bytes, { maxByteLength: 2 * bytes });
  const detach = (memory: ArrayBufferLike) => {
    structuredClone(memory, { transfer: [memory as ArrayBuffer] });
    globalThis.gc?.();
  };
  const ways: [what: string, memory: () => ArrayBufferLike, change: (memory: ArrayBufferLike) => void][] = [
    ['written', () => new ArrayBuffer(bytes), (memory) => new Float64Array(memory).fill(Number.NaN)],
    ['written, as shared memory', () => new SharedArrayBuffer(bytes), (memory) => new Float64Array(memory).fill(1)],
    ['transferred', () => new ArrayBuffer(bytes), detach],
    ['emptied', resizable, (memory) => (memory as ReturnType<typeof resizable>).resize(0)],
  ];

  it.each(ways)('are those at the call when they are %s afterwards', async (_, memory, change) => {
    const own = memory();
    const call = objective.valueAndGradAsync({ data: written(own), shape }, { from: 'logits' });
    change(own);
    const { value, gradient } = await call;
    expect(value).toBe(expected.value);
    expect(Buffer.from(gradient.data.buffer).equals(Buffer.from(expected.gradient.data.buffer))).toBe(true);
  });

  it.each(ways)('give a gradient for memory that is %s meanwhile, or an error', async (what, memory, change) => {
    const own = memory();
    const out = new Float64Array(own, 0, samples * clusters);
    const data = written(new ArrayBuffer(bytes));
    const call = objective.valueAndGradAsync({ data, shape }, { from: 'logits', out });
    change(own);
    if (what.startsWith('written')) {
      expect((await call).gradient.data).toBe(out);
      expect(Buffer.from(own).equals(Buffer.from(expected.gradient.data.buffer))).toBe(true);
    } else {
      const error = await rejectionOf(() => call);
      expectError(error, { code: 'ERR_OUT_OF_RANGE', argument: 'out', received: 'resized or transferred meanwhile' });
    }
  });

  it('give a gradient for an array of a subclass, whose own methods are not called', async () => {
    class Mine extends Float64Array {
      override set(): void {
        throw new Error('mine');
      }
    }
    const out = new Mine(samples * clusters);
    const data = written(new ArrayBuffer(bytes));
    await objective.valueAndGradAsync({ data, shape }, { from: 'logits', out });
    expect(Buffer.from(out.buffer).equals(Buffer.from(expected.gradient.data.buffer))).toBe(true);
  });
});
