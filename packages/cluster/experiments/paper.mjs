/** Repeats experiments of the GEMINI paper on data without images, and holds them against its figures: see README.md. */
import { ari } from 'genmi';
import { GeminiClusterer } from 'genmi-cluster';
import { blobs, gaussianStudent, moons } from './data.mjs';

const tanh = (width) => ({ width, activation: 'tanh' });
const deep = { layers: [tanh(20), { width: 20, activation: 'identity' }] };
const student = { clusters: 4, model: deep, epochs: 100, learningRate: 1e-3, batchSize: 100 };
const free = { clusters: 3, model: 'categorical', epochs: 1000, learningRate: 1e-2 };
const near = (mean) => ({ says: `${mean} +- .03`, holds: (aris) => Math.abs(meanOf(aris) - mean) <= 0.03 });
const all = { says: '1', holds: (aris) => aris.every((each) => each === 1) };

const experiments = [
  ['Gaussian-Student', gaussianStudent(), 20, { ...student, objective: 'mmd_ova' }, near(0.922)],
  ['Gaussian-Student', gaussianStudent(), 20, { ...student, objective: 'mmd_ovo' }, near(0.921)],
  ['Gaussian-Student', gaussianStudent(), 20, { ...student, objective: 'tv_ovo' }, near(0.938)],
  ['blobs', blobs(), 5, { ...free, objective: 'mmd_ova' }, all],
  ['blobs', blobs(), 5, { ...free, objective: 'kl_ova' }, near(0)],
  [
    'moons',
    moons(),
    5,
    {
      ...{ clusters: 2, model: { layers: [tanh(10)] }, epochs: 200, learningRate: 1e-2, batchSize: 100 },
      ...{ objective: 'wasserstein_ovo', metric: 'hops' },
    },
    { says: '1 in 4 of 5', holds: (aris) => aris.filter((each) => each === 1).length >= 4 },
  ],
];

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values) => Math.sqrt(meanOf(values.map((value) => (value - meanOf(values)) ** 2)));

console.log('| data | objective | runs | ARI expected | mean ARI | standard deviation | least | seconds |');
console.log(`|${'---|'.repeat(8)}`);
for (const [name, { x, classes }, runs, options, expected] of experiments) {
  const start = performance.now();
  const aris = [];
  for (let seed = 0; seed < runs; seed++) {
    const model = new GeminiClusterer({ ...options, precision: 'float64', restarts: 1, seed });
    aris.push(ari(classes, await model.fitPredict(x)));
  }
  const seconds = ((performance.now() - start) / 1e3).toPrecision(3);
  const missed = expected.holds(aris) ? '' : ' !';
  if (missed) process.exitCode = 1;
  const figures = [meanOf(aris), deviationOf(aris), Math.min(...aris)].map((figure) => figure.toFixed(3));
  console.log(`| ${[name, options.objective, runs, expected.says + missed, ...figures, seconds].join(' | ')} |`);
}
