/** Times networks of GEMINIs beside those of gemclus, in turns, and compares their ARIs: see README.md. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { ari } from 'genmi';
import { featurePath, linear, mlp } from 'genmi-cluster';
import { matrixOf, startPeer, timed } from './peer.mjs';

const [program = 'python3', seeds = '10', only = '', file = ''] = process.argv.slice(2);
const peer = await startPeer(program, 'networks.py');
const sets = Object.fromEntries(
  Object.entries(peer.sets).map(([name, { x, y }]) => [name, { x: matrixOf(x), classes: y }]),
);

/** gemclus' defaults: epochs of all samples at once, by Adam. On digits it takes an hour for them: fewer, larger steps. */
const usual = { epochs: 1000, learningRate: 1e-3 };
const few = { epochs: 50, learningRate: 2e-2 };
const models = {
  linear: (x, options) => linear(options).fitPredict(x),
  mlp: (x, options) => mlp(options).fitPredict(x),
  path: async (x, options) => (await featurePath(x, options)).best.labels,
};
const clusters = { iris: 3, wine: 3, breast_cancer: 2, digits: 10, digits_600: 10 };
const jobs = Object.keys(models).flatMap((model) =>
  Object.keys(clusters)
    .filter((data) => data !== (model === 'path' ? 'digits' : 'digits_600')) // a path on all digits takes gemclus hours
    .map((data) => ({ model, data, clusters: clusters[data], ...(data === 'digits' ? few : usual) })),
);

/** One seed of a job: gemclus, ours from its start, and ours from a start of our own. */
async function fitAll(job, seed) {
  const { x, classes } = sets[job.data];
  const fit = async (options) => {
    const { model, data, ...settings } = job;
    const common = { ...settings, batchSize: x.shape[0], restarts: 1, precision: 'float64' };
    const { result, ...times } = await timed(() => models[model](x, { ...common, ...options }));
    return { ...times, ari: ari(classes, result), labels: result };
  };
  if (!warm.has(job)) await fit({ seed: 0 }); // waits for the compiler
  warm.add(job);
  const { start, labels: found, ...theirs } = await peer.ask({ ...job, seed });
  const { labels: _, ...own } = await fit({ seed });
  // A path begins with values of its own.
  if (job.model === 'path') return { theirs, own };
  const { labels, ...ours } = await fit({ start });
  return { theirs, own, ours: { ...ours, same: ari(labels, found) === 1 } };
}
const warm = new Set();

/** Results of a run before, by job and seed, where a file keeps them. */
const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
const stored = new Map(lines.map((line) => JSON.parse(line)).map(({ key, ...fits }) => [key, fits]));
const chosen = jobs.filter(({ model, data }) => `${model} ${data}`.includes(only));
for (let seed = 0; seed < Number(seeds); seed++)
  for (const job of chosen) {
    const key = JSON.stringify({ ...job, seed });
    if (stored.has(key)) continue;
    const fits = await fitAll(job, seed);
    stored.set(key, fits);
    if (file !== '') appendFileSync(file, `${JSON.stringify({ key, ...fits })}\n`);
  }
peer.end();

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const columns =
  'model, data, seeds, gemclus s, genmi-cluster s, ratio, ratio of processor time, ARI of gemclus, from the same start, from own starts, same labels';
console.log(`| ${columns.split(', ').join(' | ')} |`);
console.log(`|${'---|'.repeat(11)}`);
for (const job of chosen) {
  const all = Array.from({ length: Number(seeds) }, (_, seed) => stored.get(JSON.stringify({ ...job, seed })));
  const of = (who) => all.flatMap((fits) => fits[who] ?? []);
  const timedOnes = job.model === 'path' ? of('own') : of('ours');
  const both = (name) => [of('theirs'), timedOnes].map((fits) => mean(fits.map((each) => each[name])));
  const ratio = ([their, our]) => `${(their / our).toFixed(1)}x`;
  const cells = [job.model, job.data, all.length, ...both('seconds').map((seconds) => seconds.toPrecision(3))];
  cells.push(ratio(both('seconds')), ratio(both('processor')));
  const aris = ['theirs', 'ours', 'own'].map(of);
  cells.push(...aris.map((fits) => (fits.length === 0 ? '' : mean(fits.map((each) => each.ari)).toFixed(3))));
  const equal = of('ours').filter(({ same }) => same).length;
  console.log(`| ${[...cells, job.model === 'path' ? '' : `${equal} of ${all.length}`].join(' | ')} |`);
}
