/** Times networks of GEMINIs beside those of gemclus, in turns, and compares their ARIs: see README.md. */
import { ari } from 'genmi';
import { featurePath, linear, mlp } from 'genmi-cluster';
import { matrixOf, startPeer, timed } from './peer.mjs';

const [program = 'python3', seeds = '10', only = ''] = process.argv.slice(2);
const peer = await startPeer(program, 'networks.py');
const sets = Object.fromEntries(
  Object.entries(peer.sets).map(([name, { x, y }]) => [name, { x: matrixOf(x), classes: y }]),
);

/** The epochs that are timed on digits, where gemclus takes too long for 1,000, its default. */
const FEW = 20;

/** gemclus' defaults: epochs of all samples at once, by Adam. */
const settings = ({ shape: [samples] }) => {
  return { batchSize: samples, learningRate: 1e-3, restarts: 1, precision: 'float64' };
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
    .map((data) => ({ model, data, clusters: clusters[data], epochs: data === 'digits' ? FEW : 1000 })),
);

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const columns =
  'model, data, gemclus s, genmi-cluster s, ratio, ratio of processor time, ARI of gemclus, from the same start, from own starts, same labels';
console.log(`| ${columns.split(', ').join(' | ')} |`);
console.log(`|${'---|'.repeat(10)}`);
for (const job of jobs.filter(({ model, data }) => `${model} ${data}`.includes(only))) {
  const { x, classes } = sets[job.data];
  const [theirs, ours, own] = [[], [], []];
  const fit = async (options) => {
    const all = { ...settings(x), epochs: job.epochs, clusters: job.clusters, ...options };
    const { result, ...times } = await timed(() => models[job.model](x, all));
    return { ...times, ari: ari(classes, result), labels: result };
  };
  await fit({ seed: 0 }); // waits for the compiler
  for (let seed = 0; seed < Number(seeds); seed++) {
    const { start, ...peers } = await peer.ask({ ...job, seed });
    theirs.push(peers);
    // A path begins with values of its own.
    if (job.model !== 'path') ours.push(await fit({ start }));
    own.push(await fit({ seed }));
  }
  const timedOnes = job.model === 'path' ? own : ours;
  const both = (name) => [theirs, timedOnes].map((fits) => mean(fits.map((each) => each[name])));
  const ratio = ([their, our]) => `${(their / our).toFixed(1)}x`;
  const name = job.epochs === 1000 ? job.data : `${job.data}, ${job.epochs} epochs`;
  const cells = [job.model, name, ...both('seconds').map((seconds) => seconds.toPrecision(3))];
  cells.push(ratio(both('seconds')), ratio(both('processor')));
  const equal = ours.filter(({ labels }, seed) => ari(labels, theirs[seed].labels) === 1).length;
  const aris = [theirs, ours, own].map((fits) =>
    fits.length === 0 ? '' : mean(fits.map((each) => each.ari)).toFixed(3),
  );
  console.log(`| ${[...cells, ...aris, ours.length === 0 ? '' : `${equal} of ${seeds}`].join(' | ')} |`);
}
peer.end();
