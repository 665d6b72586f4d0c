// Lets every single allocation fail that genmi asks for, one after the other, in all its operations:
// `node scripts/out-of-memory.mjs [every] [operation]`. One of `every` allocations fails (default 1: all), in operations whose
// names contain the text. The call must return its result or throw ERR_OUT_OF_MEMORY, and the next call must be right.
import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildFaults } from './faults.mjs';

const dist = new URL('../dist/index.js', import.meta.url).href;
const FOREVER = 2 ** 40;

const load = async () => ({ ...(await import(dist)), ...(await import(new URL('networks/index.js', dist).href)) });

/** By name: what makes the function that is tried, once; what that returns is thrown away. */
function operations(genmi) {
  const {
    Affinity,
    add,
    emd,
    entropy,
    fDivergence,
    fDivergenceNames,
    gemini,
    mmd,
    scale,
    TransportSolver,
    wasserstein,
  } = genmi;
  let state = 7;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const matrix = (n, d, type = Float64Array) => ({ data: type.from({ length: n * d }, next), shape: [n, d] });
  const weights = (n) => Float64Array.from({ length: n }, () => 1 / n);
  const euclidean = { metric: 'euclidean' };
  const listed = {};
  const define = (name, make) => (listed[name] = make);

  // Enough samples for several threads, and few.
  for (const [size, n] of Object.entries({ few: 12, many: 300 })) {
    const x = matrix(n, 3);
    for (const storage of ['dense', 'features']) {
      for (const kernel of ['linear', 'rbf', 'laplacian', 'polynomial', 'sigmoid', 'cosine', 'additive_chi2', 'chi2'])
        define(`kernel ${kernel} ${storage} ${size}`, () => () => Affinity.kernel(x, { kernel, storage }).dispose());
      for (const metric of ['euclidean', 'sqeuclidean', 'manhattan', 'chebyshev', 'cosine'])
        define(
          `distance ${metric} ${storage} ${size}`,
          () => () => Affinity.distance(x, { metric, storage }).dispose(),
        );
    }
    define(`kernel median ${size}`, () => () => Affinity.kernel(x, { kernel: 'rbf', gamma: 'median' }));
    define(`kernel float32 ${size}`, () => () => Affinity.kernel(matrix(n, 3, Float32Array), { kernel: 'rbf' }));
    define(`hops quantile ${size}`, () => () => Affinity.hops(x, { quantile: 0.3 }));
    define(`hops threshold ${size}`, () => () => Affinity.hops(x, { threshold: 0.5 }));
    define(`hops neighbors ${size}`, () => () => Affinity.hops(x, { neighbors: 3 }));
    define(`hops of an affinity ${size}`, () => {
      const distances = Affinity.distance(x, euclidean);
      return () => Affinity.hops(distances, { neighbors: 2 });
    });
    define(`kernelAsync ${size}`, () => () => Affinity.kernelAsync(x, { kernel: 'rbf', storage: 'dense' }));
    define(`distanceAsync ${size}`, () => () => Affinity.distanceAsync(x, { metric: 'manhattan', storage: 'dense' }));
    define(`hopsAsync ${size}`, () => () => Affinity.hopsAsync(x, { neighbors: 3 }));
    for (const kind of ['kernel', 'distance']) {
      const whole = Affinity.distance(x, euclidean).toMatrix();
      define(`precomputed ${kind} ${size}`, () => () => Affinity.precomputed(whole, kind));
      define(
        `precomputed ${kind} float32 ${size}`,
        () => () => Affinity.precomputed(whole, kind, { precision: 'float32' }),
      );
      if (Affinity.precomputedAsync)
        define(`precomputedAsync ${kind} ${size}`, () => () => Affinity.precomputedAsync(whole, kind));
    }
    for (const storage of ['dense', 'features']) {
      define(`rows ${storage} ${size}`, () => {
        const affinity = Affinity.kernel(x, { kernel: 'rbf', storage });
        return () => affinity.rows([3, 1, 4, 1, 5, 9, 2, 6]);
      });
      define(`toMatrix ${storage} ${size}`, () => {
        const affinity = Affinity.kernel(x, { kernel: 'linear', storage });
        return () => affinity.toMatrix();
      });
    }
  }

  const n = 60;
  const x = matrix(n, 3);
  const kernel = Affinity.kernel(x, { kernel: 'rbf' });
  const linear = Affinity.kernel(x, { kernel: 'linear', storage: 'features' });
  const distance = Affinity.distance(x, euclidean);
  const objectives = {
    'entropy of proportions': () => entropy({ of: 'proportions' }),
    'entropy of predictions': () => entropy({ of: 'predictions' }),
    'random pairs': () => wasserstein({ mode: 'ovo', affinity: distance, pairs: 3 }),
    'fixed pairs': () =>
      wasserstein({
        mode: 'ovo',
        affinity: distance,
        pairs: [
          [0, 1],
          [2, 3],
        ],
      }),
    gemini: () => gemini('mmd_ovo', { affinity: kernel }),
    sum: () => add(mmd({ mode: 'ova', affinity: kernel }), entropy({ of: 'proportions' })),
    scaled: () => scale(wasserstein({ mode: 'ova', affinity: distance }), -2),
  };
  for (const mode of ['ova', 'ovo']) {
    for (const f of [...fDivergenceNames, { alpha: 1.5 }, { alpha: -0.5 }]) {
      objectives[`${f.alpha ?? f} ${mode}`] = () => fDivergence({ mode, f });
    }
    for (const squared of [false, true])
      objectives[`mmd ${mode} ${squared}`] = () => mmd({ mode, affinity: kernel, squared });
    objectives[`linear mmd ${mode}`] = () => mmd({ mode, affinity: linear });
    for (const warmStart of [false, true]) {
      objectives[`wasserstein ${mode} ${warmStart}`] = () => wasserstein({ mode, affinity: distance, warmStart });
    }
  }
  const predictions = [matrix(n, 4), matrix(n, 4, Float32Array)];
  for (const [name, make] of Object.entries(objectives)) {
    define(`make ${name}`, () => make);
    for (const options of [{}, { from: 'logits' }, { from: 'logits', clip: 'mask' }]) {
      const how = `${options.from ?? ''} ${options.clip ?? ''}`;
      for (const [i, tau] of predictions.entries()) {
        define(`valueAndGrad ${name} ${how} ${i}`, () => {
          const objective = make();
          const out = new Float64Array(4 * n);
          return () => objective.valueAndGrad(tau, { ...options, out });
        });
      }
    }
    const few = matrix(8, 4);
    const rows = [3, 1, 4, 1, 5, 9, 2, 6];
    const calls = {
      value: (it) => it.value(predictions[0]),
      'value of rows': (it) => it.value(few, { rows }),
      'gradient of rows': (it) => it.valueAndGrad(few, { rows }),
      valueAsync: (it) => it.valueAsync(predictions[0]),
      valueAndGradAsync: (it) => it.valueAndGradAsync(predictions[1], { from: 'logits' }),
      estimate: (it) => it.estimate(8, 3),
      ...(/mmd|wasserstein|pairs|gemini/.test(name) && { affinityGrad: (it) => it.affinityGrad(few, { rows }) }),
    };
    for (const [call, run] of Object.entries(calls)) {
      define(`${call} ${name}`, () => {
        const objective = make();
        return () => run(objective);
      });
    }
  }
  // Copied by several threads.
  define('a large copy', () => {
    const large = { data: new Float64Array(700_000).fill(0.5), shape: [350_000, 2] };
    return () => entropy({ of: 'proportions' }).valueAndGradAsync(large);
  });

  // Of many samples, on several threads.
  const many = matrix(400, 3);
  const tau = matrix(400, 8);
  for (const storage of ['dense', 'features']) {
    for (const make of [mmd, wasserstein]) {
      define(`many samples, ${make.name} ${storage}`, () => {
        const affinity =
          make === mmd
            ? Affinity.kernel(many, { kernel: 'rbf', storage })
            : Affinity.distance(many, { ...euclidean, storage });
        const objective = make({ mode: 'ova', affinity });
        return () => objective.valueAndGrad(tau, { from: 'logits' });
      });
    }
  }

  const [p, q] = [weights(n), weights(n).map((w, i) => w * (1 + 0.5 * Math.sin(i)))];
  const total = q.reduce((sum, w) => sum + w);
  q.forEach((w, i) => {
    q[i] = w / total;
  });
  const problems = { data: Float64Array.from({ length: 5 * n }, (_, i) => q[(i * 7) % n]), shape: [5, n] };
  const whole = distance.toMatrix();
  define('new TransportSolver', () => () => new TransportSolver(distance));
  define('new TransportSolver, many', () => {
    const affinity = Affinity.distance(many, euclidean);
    return () => new TransportSolver(affinity);
  });
  const solver = (call) => () => {
    const it = new TransportSolver(distance);
    return () => call(it);
  };
  define(
    'solve',
    solver((it) => it.solve(p, q)),
  );
  define(
    'solve with a plan',
    solver((it) => it.solve(p, q, { plan: true })),
  );
  define(
    'solveMany',
    solver((it) => it.solveMany(problems, q)),
  );
  define(
    'solveMany with plans',
    solver((it) => it.solveMany(problems, q, { plan: true })),
  );
  define(
    'solveMany, warm',
    solver((it) => it.solveMany(problems, q, { warmStart: true })),
  );
  define(
    'solveManyAsync',
    solver((it) => it.solveManyAsync(problems, q, { plan: true })),
  );
  define('solve, many', () => {
    const it = new TransportSolver(Affinity.distance(matrix(300, 2), euclidean));
    const [from, to] = [weights(300), new Float64Array(300).map((_, i) => Number(i < 150) / 150)];
    return () => it.solve(from, to, { plan: true });
  });
  define('emd', () => () => emd(p, q, whole));
  define('emd with a plan', () => () => emd(p, q, whole, { plan: true }));
  define('emd of 2 x m', () => () => emd([0.5, 0.5], weights(40), matrix(2, 40)));
  define('emd of m x 2', () => () => emd(weights(40), [0.5, 0.5], matrix(40, 2)));

  // Networks.
  const { adam, kl, Network, neighborLengths, sgd, train } = genmi;
  const layers = [{ width: 5, batchNormalization: true }];
  const of = (call) => () => {
    const network = Network.dense({ inputs: 3, layers, outputs: 4 });
    return () => call(network);
  };
  const training = { data: x, objective: kl({ mode: 'ova' }), epochs: 2, batchSize: 25 };
  define('network', () => () => Network.lassoNet({ inputs: 3, layers, outputs: 4 }));
  define('network, table', () => () => Network.table({ samples: 9, outputs: 4 }).predict());
  for (const answer of ['predict', 'predictProba', 'logits', 'predictAsync'])
    define(
      `network ${answer}`,
      of((it) => it[answer](x)),
    );
  define(
    'network parameters and load',
    of((it) => it.load(it.parameters())),
  );
  define(
    'network by hand',
    of((it) => {
      it.backward(it.forward(x), { input: true });
      sgd({ learningRate: 1e-9 }).step(it); // the network stays finite
    }),
  );
  define(
    'network train',
    of(async (it) => (await train(it, { ...training, optimizer: adam() })).snapshot()),
  );
  define('network train, resumed', () => {
    const network = Network.linear({ inputs: 3, outputs: 4 });
    let resume;
    return async () => {
      resume ??= (await train(network, training)).snapshot();
      await train(network, {
        ...training,
        epochs: 3,
        resume,
        vat: { epsilon: 'neighbours' },
        penalty: { groupLasso: 1 },
      });
    };
  });
  define('network lengths', () => () => neighborLengths(x));

  // The errors' own messages.
  const wrong = {
    'rows out of range': () => kernel.rows([1, 1000]),
    'rows of another number': () => entropy({ of: 'predictions' }).value(matrix(4, 2), { rows: [1] }),
    'too many predictions': () => mmd({ mode: 'ova', affinity: kernel }).value(matrix(n + 1, 2)),
    'no probabilities': () => entropy({ of: 'predictions' }).value([[Number.NaN, 1]]),
    'no kernel': () => mmd({ mode: 'ova', affinity: distance }),
    'weights that differ': () => emd([1], [2], [[1]]),
    'negative weights': () => emd([-1, 2], [1], [[1], [2]]),
    asymmetric: () =>
      Affinity.precomputed(
        [
          [0, 1],
          [2, 0],
        ],
        'distance',
      ),
    'not finite': () => Affinity.distance([[Number.NaN], [1]], euclidean),
    'no edge': () => Affinity.hops(x, { threshold: 0 }),
    'out over an input': () =>
      entropy({ of: 'predictions' }).valueAndGrad(predictions[0], { out: predictions[0].data }),
    rejected: () => entropy({ of: 'predictions' }).valueAsync([[Number.NaN, 1]]),
  };
  for (const [name, call] of Object.entries(wrong)) {
    define(`error: ${name}`, () => async () => {
      try {
        await call();
      } catch (error) {
        if (!/^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE|INFEASIBLE)$/.test(error.code)) throw error;
      }
    });
  }
  define('info', () => () => genmi.info());
  define('config', () => () => genmi.config({ isa: 'auto', threads: 2 }));
  define(
    'worker',
    () => () =>
      new Promise((resolve, reject) => {
        const code = `import(${JSON.stringify(dist)}).then(({ kl }) => kl({ mode: 'ova' }).valueAsync([[0.5, 0.5]])).catch((error) => {
      require('node:worker_threads').parentPort.postMessage({ code: error.code, message: error.stack }); })`;
        let failure;
        const worker = new Worker(code, { eval: true, execArgv: [] });
        worker.on('message', (error) => (failure = Object.assign(new Error(error.message), error)));
        worker.on('error', reject);
        worker.on('exit', () => (failure ? reject(failure) : resolve()));
      }),
  );
  return listed;
}

const say = (...parts) => writeSync(1, `${parts.join(' ')}\n`);

/**
 * In a process of its own: of each operation from `first` on, the allocations `from`, from + every, … fail, or with `onward` all
 * later ones too. Says which is next, so that the parent knows what ended this process.
 */
async function child(filter, every, onward, first, from) {
  const module = { exports: {} };
  process.dlopen(module, buildFaults());
  const faults = module.exports;
  const genmi = await load();
  genmi.config({ threads: 2 });
  const probe = genmi.mmd({ mode: 'ova', affinity: genmi.Affinity.kernel([[0], [1], [3]], { kernel: 'rbf' }) });
  const predictions = [
    [0.1, 0.9],
    [0.5, 0.5],
    [0.8, 0.2],
  ];
  const expected = probe.value(predictions);
  const chosen = Object.entries(operations(genmi)).filter(([name]) => name.includes(filter));
  for (const [index, [, make]] of [...chosen.entries()].slice(first)) {
    say('at', index, 0); // that it is made
    const run = make();
    for (let number = index === first ? from : 1, asked = FOREVER; asked >= number - every; number += every) {
      say('at', index, number);
      faults.fail(number, onward ? FOREVER : number);
      let error;
      try {
        await run();
      } catch (thrown) {
        error = thrown;
      }
      asked = faults.asked();
      if (error !== undefined && error.code !== 'ERR_OUT_OF_MEMORY') say('wrong', error.code, error.stack);
      if (probe.value(predictions) !== expected) say('wrong', 'the next call has another result');
    }
  }
  say('end');
}

/** Runs children until all operations have been tried; returns how many allocations failed, and what went wrong. */
function sweep(names, filter, every, onward, faults) {
  const found = { failed: 0, wrong: [] };
  for (let [first, from] = [0, 1]; first < names.length; ) {
    const args = [fileURLToPath(import.meta.url), '--child', filter, every, onward, first, from].map(String);
    const options = { encoding: 'utf8', maxBuffer: 2 ** 30, env: { ...process.env, LD_PRELOAD: faults } };
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, options);
    const [, ...parts] = stdout.split(/^at (\d+) (\d+)\n/m);
    const at = Array.from({ length: parts.length / 3 }, (_, i) => parts.slice(3 * i, 3 * i + 3));
    for (const [index, number, text] of at) {
      if (text.includes('wrong')) found.wrong.push(`${names[index]}, allocation ${number}: ${text.trim()}`);
    }
    found.failed += at.filter(([, number]) => number !== '0').length;
    if (stdout.endsWith('end\n')) break;
    const [index, number] = at.at(-1) ?? [];
    const why = `${status ?? signal} ${stderr.split('\n').slice(0, 4).join(' ')}`;
    if (index === undefined || number === '0') throw new Error(`${names[index ?? first]} cannot be made: ${why}`);
    found.wrong.push(`${names[index]}, allocation ${number} ended the process: ${why}`);
    [first, from] = [Number(index), Number(number) + every];
  }
  return found;
}

/** The allocations that are made while the addon is loaded: a process for each. */
function sweepLoading(every, onward, faults) {
  const found = { failed: 0, wrong: [] };
  const code = `import(${JSON.stringify(dist)}).then(({ kl }) => kl({ mode: 'ova' }).value([[0.5, 0.5]]))
    .then(console.log, (error) => console.log(error.code, error.message))`;
  for (let number = 1; ; number += every) {
    const env = { ...process.env, LD_PRELOAD: faults, GENMI_FAULT: `${number}:${onward ? FOREVER : number}` };
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env });
    if (!stderr.includes('genmi: failed')) return found;
    found.failed += 1;
    if (status !== 0 || !/^(0|ERR_OUT_OF_MEMORY .*)\n$/s.test(stdout)) {
      found.wrong.push(
        `allocation ${number} of loading: ${status ?? signal} ${stdout} ${stderr.split('\n').slice(0, 4).join(' ')}`,
      );
    }
  }
}

async function main([every = '1', filter = '']) {
  const faults = buildFaults();
  if (faults === undefined) throw new Error('out-of-memory.mjs needs Linux and a C++ compiler');
  const names = Object.keys(operations(await load())).filter((name) => name.includes(filter));
  let [failed, wrong] = [0, 0];
  for (const onward of [false, true]) {
    const found = [sweep(names, filter, Number(every), onward, faults)];
    if ('loading'.includes(filter)) found.push(sweepLoading(Number(every), onward, faults));
    for (const each of found) {
      failed += each.failed;
      wrong += each.wrong.length;
      for (const text of each.wrong) console.log(`${onward ? 'onward, ' : ''}${text}`);
    }
  }
  console.log(`${failed} allocations failed, ${wrong} of them wrongly`);
  process.exitCode = wrong === 0 && failed > 0 ? 0 : 1;
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === '--child') await child(rest[0], Number(rest[1]), rest[2] === 'true', Number(rest[3]), Number(rest[4]));
else await main(process.argv.slice(2));
