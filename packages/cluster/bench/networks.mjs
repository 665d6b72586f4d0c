/** Times networks of GEMINIs beside those of gemclus, in turns, and compares their ARIs: see README.md. */
import { ari } from 'genmi';
import { featurePath, linear, mlp } from 'genmi-cluster';
import { matrixOf, startPeer, timed } from './peer.mjs';

const [program = 'python3', seeds = '10', only = ''] = process.argv.slice(2);
const peer = await startPeer(program, 'networks.py');
const sets = Object.fromEntries(
  Object.entries(peer.sets).map(([name, { x, y }]) => [name, { x: matrixOf(x), classes: y }]),
);

/** gemclus' defaults: 1,000 epochs of all samples at once, by Adam. */
const settings = (x, seed) => {
  const [samples] = x.shape;
  return { epochs: 1000, batchSize: samples, learningRate: 1e-3, restarts: 1, precision: 'float64', seed };
};
const models = {
  linear: (x, options) => linear(options).fitPredict(x),
  mlp: (x, options) => mlp(options).fitPredict(x),
  path: async (x, options) => (await featurePath(x, options)).best.labels,
};
const clusters = { iris: 3, wine: 3, breast_cancer: 2, digits: 10 };
const jobs = Object.keys(models).flatMap((model) =>
  Object.keys(clusters)
    .filter((data) => model !== 'path' || data !== 'digits') // hours for gemclus
    .map((data) => ({ model, data, clusters: clusters[data] })),
);

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const columns =
  'model, data, gemclus s, genmi-cluster s, ratio, ratio of processor time, ARI of gemclus, ARI of genmi-cluster';
console.log(`| ${columns.split(', ').join(' | ')} |`);
console.log(`|${'---|'.repeat(8)}`);
for (const job of jobs.filter(({ model, data }) => `${model} ${data}`.includes(only))) {
  const { x, classes } = sets[job.data];
  const [theirs, ours] = [[], []];
  const fit = async (seed) => {
    const options = { ...settings(x, seed), clusters: job.clusters };
    const { result, ...times } = await timed(() => models[job.model](x, options));
    return { ...times, ari: ari(classes, result) };
  };
  await fit(0); // waits for the compiler
  for (let seed = 0; seed < Number(seeds); seed++) {
    theirs.push(await peer.ask({ ...job, seed }));
    ours.push(await fit(seed));
  }
  const both = (name) => [theirs, ours].map((fits) => mean(fits.map((each) => each[name])));
  const ratio = ([their, our]) => `${(their / our).toFixed(1)}x`;
  const cells = [job.model, job.data, ...both('seconds').map((seconds) => seconds.toPrecision(3))];
  cells.push(ratio(both('seconds')), ratio(both('processor')), ...both('ari').map((each) => each.toFixed(3)));
  console.log(`| ${cells.join(' | ')} |`);
}
peer.end();
