// Calls every public function of the package in GENMI_PACKAGE, and writes into the file named on the command line what each
// returned: the bytes of float64 numbers. Results that are "exact" have the same bits on every machine, those of "transport" with
// every instruction set; others are rounded.
import { writeFileSync } from 'node:fs';

const entry = (file) => import(new URL(file, `file://${process.env.GENMI_PACKAGE.replaceAll('\\', '/')}/`).href);
const genmi = {
  ...(await entry('dist/index.js')),
  ...(await entry('dist/networks/index.js')),
  ...(await entry('dist/mixtures/index.js')),
  ...(await entry('dist/perturbations/index.js')),
};
const used = new Set();
const noted = (all, name) => {
  used.add(name);
  return all[name];
};
const api = new Proxy(genmi, { get: noted });
const { Affinity, TransportSolver, add, emd, energy, entropy, fDivergence, fDivergenceNames, gemini, geminiNames } =
  api;
const {
  chi2,
  hellinger,
  kl,
  mi,
  mmd,
  pairConstraints,
  scale,
  tv,
  wasserstein,
  kernels,
  metrics,
  config,
  info,
  GenmiError,
} = api;
const results = { exact: {}, transport: {}, rounded: {} };

let state = 7;
const next = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const matrix = (n, d, type = Float64Array) => ({ data: type.from({ length: n * d }, next), shape: [n, d] });
const weights = (n) => {
  const raw = Array.from({ length: n }, () => 1 + Math.floor(64 * next()));
  const sum = raw.reduce((a, b) => a + b);
  return Float64Array.from(raw, (weight) => weight / sum);
};
const hex = (numbers) => Buffer.from(Float64Array.from(numbers).buffer).toString('hex');
const keep = (kind, name, ...parts) => {
  results[kind][name] = hex(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])));
};

config({ threads: 2 });

// Affinities.
const n = 90;
const x = matrix(n, 5);
const rows = [3, 1, 4, 1, 5, 9, 2, 6];
for (const type of [Float32Array, Float64Array]) {
  const features = { data: type.from(x.data), shape: x.shape };
  for (const storage of ['dense', 'features']) {
    const name = (measure) => `${measure} ${storage} ${type.name}`;
    for (const kernel of kernels) {
      const affinity = Affinity.kernel(features, { kernel, storage });
      keep('rounded', name(kernel), affinity.toMatrix().data, affinity.rows(rows).data);
      affinity.dispose();
    }
    for (const metric of metrics) {
      const affinity = Affinity.distance(features, { metric, storage });
      keep('rounded', name(metric), affinity.toMatrix().data, affinity.rows(rows).data);
    }
  }
}
const kernel = await Affinity.kernelAsync(x, { kernel: 'rbf', gamma: 'median' });
const distance = await Affinity.distanceAsync(x, { metric: 'euclidean' });
keep('rounded', 'kernelAsync', kernel.toMatrix().data);
keep('rounded', 'distanceAsync', distance.toMatrix().data);
for (const options of [{ neighbors: 3 }, { quantile: 0.1 }, { threshold: 0.4 }]) {
  const [now, later] = [Affinity.hops(distance, options), await Affinity.hopsAsync(x, options)];
  keep('exact', `hops ${Object.keys(options)}`, now.toMatrix().data, later.toMatrix().data);
}
// Costs are integers: the same on every machine, whatever it rounds.
const line = Float64Array.from({ length: n }, () => Math.floor(1000 * next()));
const costs = {
  data: Float64Array.from({ length: n * n }, (_, i) => Math.abs(line[Math.floor(i / n)] - line[i % n])),
  shape: [n, n],
};
const given = Affinity.precomputed(costs, 'distance');
keep(
  'exact',
  'precomputed',
  given.toMatrix().data,
  (await Affinity.precomputedAsync(costs, 'distance')).toMatrix().data,
);

keep('rounded', 'neighborLengths', await api.neighborLengths(x));

// Transport.
const [p, q] = [weights(n), weights(n)];
const of = ({ cost, pivots, u, v, plan, certificate }) => [
  ...[cost, pivots, ...u, ...v, ...Object.values(certificate)],
  ...(plan ? [...plan.source, ...plan.target, ...plan.mass] : []),
];
// Among plans of the same cost, the logarithm of the system's library decides.
const keepTransport = (name, all) => {
  keep('transport', name, all.flatMap(of));
  keep(
    'rounded',
    `${name}, cost`,
    all.map(({ cost }) => cost),
  );
};
keepTransport('emd', [emd(p, q, costs, { plan: true })]);
keepTransport('emd, any costs', [emd(weights(40), weights(70), matrix(40, 70), { plan: true })]);
keepTransport('emd, thin', [emd(weights(3), weights(200), matrix(3, 200), { plan: true })]);
const solver = new TransportSolver(given);
keepTransport('solve', [solver.solve(p, q)]);
const many = { data: Float64Array.from(Array.from({ length: 4 }, () => [...weights(n)]).flat()), shape: [4, n] };
for (const options of [{}, { warmStart: true }]) {
  keepTransport(`solveMany ${Object.keys(options)}`, solver.solveMany(many, q, options));
  keepTransport(`solveManyAsync ${Object.keys(options)}`, await solver.solveManyAsync(many, q, options));
}
solver.dispose();

// Objectives.
const objectives = {
  entropy: () => entropy({ of: 'predictions' }),
  'entropy of proportions': () => entropy({ of: 'proportions' }),
  'random pairs': () => wasserstein({ mode: 'ovo', affinity: given, pairs: 3 }),
  'pair constraints': () =>
    pairConstraints({
      mustLink: [
        [0, 1],
        [5, 9],
      ],
      cannotLink: [[2, 3]],
      factor: 0.5,
    }),
  sum: () => add(mmd({ mode: 'ova', affinity: kernel }), scale(entropy({ of: 'proportions' }), -2)),
};
for (const mode of ['ova', 'ovo']) {
  Object.assign(objectives, {
    [`chi2 ${mode}`]: () => chi2({ mode }),
    [`hellinger ${mode}`]: () => hellinger({ mode }),
    [`kl ${mode}`]: () => kl({ mode }),
    [`tv ${mode}`]: () => tv({ mode }),
    [`mmd ${mode}`]: () => mmd({ mode, affinity: kernel }),
    [`energy ${mode}`]: () => energy({ mode, affinity: distance }),
    [`wasserstein ${mode}`]: () => wasserstein({ mode, affinity: distance }),
  });
  for (const f of [...fDivergenceNames, { alpha: 1.5 }, { alpha: -0.5 }])
    objectives[`${f.alpha ?? f} ${mode}`] = () => fDivergence({ mode, f });
}
objectives.mi = () => mi();
for (const name of geminiNames) {
  const affinity = /mmd/.test(name) ? kernel : /wasserstein/.test(name) ? distance : undefined;
  objectives[`gemini ${name}`] = () => gemini(name, affinity ? { affinity } : {});
}
const normalised = (z) => {
  const [count, k] = z.shape;
  const data = z.data.map((_, i) => z.data[i] / z.data.slice(i - (i % k), i - (i % k) + k).reduce((a, b) => a + b));
  return { data, shape: [count, k] };
};
const logits = matrix(n, 4);
const tau = normalised(matrix(n, 4));
for (const [name, make] of Object.entries(objectives)) {
  const objective = make();
  const calls = [
    objective.valueAndGrad(tau, { from: 'probabilities' }),
    objective.valueAndGrad(logits, { from: 'logits' }),
    await objective.valueAndGradAsync(logits, { from: 'logits', clip: 'mask' }),
  ];
  keep('rounded', name, ...calls.flatMap(({ value, gradient }) => [value, gradient.data]));
  keep('rounded', `${name}, value`, objective.value(tau), await objective.valueAsync(tau));
  if (!(objective.estimate(n, 4).seconds > 0)) throw new Error(`${name}: no estimate`);
}

// Losses on pairs of views.
const other = matrix(n, 4);
const pairLosses = [
  ['iic', api.iic({ lambda: 1.5 }), [tau, normalised(other)], [logits, other, 'logits']],
  ['nt-xent', api.ntXent(), [logits, other]],
  ['donsker-varadhan', api.donskerVaradhan(), [logits, other]],
  ...['JSD', 'GAN', 'KL', 'RKL', 'H2', 'X2', 'W1'].map((measure) => [
    measure,
    api.deepInfoMax({ measure }),
    [logits, other],
  ]),
  ['info-nce', api.infoNce(), [logits, other], [logits, matrix(n, 12)]],
];
const prior = api.priorMatching({ gamma: 0.1 });
const scores = [matrix(n, 1), matrix(n, 1)];
const told = prior.discriminator(...scores);
const deceived = prior.encoder(scores[1]);
keep('rounded', 'prior matching', told.value, ...told.gradients.map(({ data }) => data));
keep('rounded', 'prior matching, encoder', deceived.value, deceived.gradient.data);
for (const [name, loss, ...calls] of pairLosses) {
  for (const [a, b, from] of calls) {
    const options = from ? { from } : {};
    const now = loss.valueAndGrad(a, b, options);
    const later = await loss.valueAndGradAsync(a, b, options);
    const values = [loss.value(a, b, options), await loss.valueAsync(a, b, options)];
    keep(
      'rounded',
      `${name} ${from}`,
      values,
      ...[now, later].flatMap(({ value, gradients }) => [value, ...gradients.map(({ data }) => data)]),
    );
  }
}

// Divergences between Gaussians.
const gaussians = [matrix(6, 3), matrix(6, 3)].map((mean) => ({ mean, variance: matrix(6, 3) }));
const covariances = [0.2, -0.3].map((off) => ({
  mean: [next(), next()],
  covariance: [
    [1, off],
    [off, 0.5 + next()],
  ],
}));
for (const divergence of [api.gaussianKl(), api.alphaJs({ alpha: 0.65 }), api.alphaJs({ dual: true })]) {
  for (const pair of [gaussians, covariances]) {
    const { value, gradients } = divergence.valueAndGrad(...pair);
    const arrays = gradients.flatMap((gradient) => Object.values(gradient).map((each) => each.data ?? each));
    keep('rounded', `${divergence.name} ${Object.keys(pair[0])}`, value, divergence.value(...pair), ...arrays);
  }
}

// Perturbed copies of images. Only sines, tangents and powers are rounded.
const images = { data: Uint8Array.from({ length: 9 * 42 }, () => 256 * next()), shape: [9, 7, 6], scale: 0.5 };
const still = { rotation: [90, 90], shift: [-0.5, -0.5], probability: 0.7 };
keep('exact', 'affine, a quarter turn', api.affine(images, still).data, (await api.affineAsync(images, still)).data);
const moving = { rotation: 25, scale: 0.2, shear: 9, shift: 0.1, outside: 3, rows: [8, 8, 1], seed: 4 };
keep('rounded', 'affine', api.affine(images, moving).data, (await api.affineAsync(images, moving)).data);
keep('rounded', 'elastic', api.elastic(images).data, (await api.elasticAsync(images, { sigma: 1 })).data);
const [left, right] = [api.affine(images, moving), api.elastic(images, { rows: [8, 8, 1] })];
for (const { distances, gradient } of [
  api.wasserstein2(left, right, { gradient: true }),
  await api.wasserstein2Async(left, right, { gradient: true }),
])
  keep('rounded', 'wasserstein2', distances, gradient.data);

for (const { images, errors, iterations } of [
  api.projectedSinkhorn(left, right, { epsilon: 0.2 }),
  await api.projectedSinkhornAsync(left, right, { epsilon: 0.2, maxIterations: 9 }),
])
  keep('rounded', 'projectedSinkhorn', images.data, errors, iterations);
for (const { data } of [
  api.conjugateSinkhorn(left, right, { epsilon: 0.2 }),
  await api.conjugateSinkhornAsync(left, right, { epsilon: 0.2 }),
])
  keep('rounded', 'conjugateSinkhorn', data);

const steps = api.adef(left, { values: [1, 2, 3], gradient: right }, { sigma: 1 });
keep('rounded', 'adef', steps.field.data, steps.lengths);
keep('rounded', 'warp', api.warp(left, steps.field).data);
keep('rounded', 'acceptance', api.acceptance(left, right, 2));
const score = () => ({ values: [1, 2, 3], gradient: right });
const ball = await api.w2Perturbation(left, score, { epsilon: 0.5, eta: 1e9, share: 1e-3 });
keep('rounded', 'w2Perturbation', ball.images.data, ball.distances, ball.steps);
// Mixtures: three iterations from given responsibilities, and from k-means.
for (const options of [{}, { covariance: 'full' }, { compat: 'sklearn' }]) {
  const mixture = new api.DirichletProcessMixture({ truncation: 4, maxIterations: 3, tolerance: 0, ...options });
  await mixture.fit(x, { responsibilities: tau });
  const probabilities = mixture.predictProba(x).data;
  keep('rounded', `mixture ${Object.values(options)}`, mixture.lowerBound, mixture.means.data, probabilities);
  await mixture.fit(x);
  if (mixture.predict(x).length !== n || mixture.clusters < 1) throw new Error('a mixture without components');
}

// Networks: two epochs with each optimiser, and a step by hand.
const { Network, adam, rmsprop, sgd, train, trainPairs } = api;
for (const optimizer of [adam(), sgd(), rmsprop()]) {
  for (const precision of ['float32', 'float64']) {
    const network = Network.dense({ inputs: 5, layers: [{ width: 7 }], outputs: 4, precision, seed: 3 });
    await train(network, {
      data: x,
      objective: mmd({ mode: 'ova', affinity: kernel }),
      epochs: 2,
      batchSize: 32,
      optimizer,
    });
    network.backward(kl({ mode: 'ova' }).valueAndGrad(network.forward(x), { from: 'logits' }).gradient);
    optimizer.step(network);
    keep('rounded', `${optimizer.name} ${precision}`, network.logits(new api.Samples(x)).data);
    network.dispose();
  }
}

// Two epochs on pairs of images, with heads of three and of two clusters.
const paired = Network.dense({ inputs: left.data.length / 3, layers: [{ width: 6 }], outputs: 5, seed: 3 });
const { history } = await trainPairs(paired, {
  samples: 9,
  perturb: (request, signal) => api.affineAsync(images, { ...request, signal, rotation: 20 }),
  loss: api.iic(),
  heads: [{ clusters: 3 }, { clusters: 2 }],
  epochs: 2,
  batchSize: 4,
});
keep('rounded', 'pairs', [history[1].loss, history[1].best.loss]);
for (const { data } of Object.values(paired.parameters())) keep('rounded', 'parameters of pairs', data);

// Metrics, and what is left.
const labels = Array.from({ length: n }, () => Math.floor(4 * next()));
const clusters = labels.map((label, i) => (i % 5 === 0 ? (label + 1) % 4 : label));
for (const metric of ['ari', 'accuracy', 'purity', 'nce', 'usedClusters'])
  keep('rounded', metric, api[metric](labels, ...(metric === 'usedClusters' ? [] : [clusters])));
keep('exact', 'matchClusters', api.matchClusters(api.contingency(labels, clusters)));
try {
  kernel.dispose();
  kernel.rows([0]);
  throw new Error('a disposed affinity has rows');
} catch (error) {
  if (!(error instanceof GenmiError) || error.code !== 'ERR_DISPOSED') throw error;
}
const unused = Object.keys(genmi).filter((name) => !used.has(name));
if (unused.length > 0) throw new Error(`not called: ${unused.join(', ')}`);
const { isa, binary } = info();
writeFileSync(process.argv[2], JSON.stringify({ isa, binary, ...results }));
