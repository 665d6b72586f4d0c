/** Times Kauri beside gemclus', in turns: see README.md. */
import { Kauri } from 'genmi-cluster';
import { matrixOf, startPeer, timed } from './peer.mjs';

const [program = 'python3', repeats = '9', only = ''] = process.argv.slice(2);
const peer = await startPeer(program, 'kauri.py');
const data = Object.fromEntries(Object.entries(peer.sets).map(([name, rows]) => [name, matrixOf(rows)]));

const WARM_MS = 1000;
const clusters = { digits: 10, iris: 3, wine: 3, breast_cancer: 2 };
const settings = Object.entries(clusters).flatMap(([name, maxClusters]) =>
  ['linear', 'rbf'].flatMap((kernel) =>
    // Digits take gemclus a minute.
    [2 * maxClusters, null].map((maxLeaves) => {
      return { data: name, kernel, maxClusters, maxLeaves, fits: name === 'digits' ? 1 : 10 };
    }),
  ),
);

/** Fits in a row: the mean of their times. */
async function fitted({ data: name, kernel, maxClusters, maxLeaves, fits }) {
  const model = new Kauri({ maxClusters, kernel, ...(maxLeaves && { maxLeaves }) });
  const { seconds, processor } = await timed(async () => {
    for (let i = 0; i < fits; i++) await model.fit(data[name]);
  });
  return { seconds: seconds / fits, processor: processor / fits, objective: model.objective };
}

const columns = 'data, kernel, clusters, most leaves, gemclus ms, genmi-cluster ms, ratio, ratio of processor time';
console.log(`| ${[...columns.split(', '), 'objective of gemclus', 'ours'].join(' | ')} |`);
console.log(`|${'---|'.repeat(10)}`);
for (const job of settings.filter((each) => `${each.data} ${each.kernel}`.includes(only))) {
  // The first fits wait for the compiler.
  const rounds = job.fits === 1 ? 1 : Number(repeats);
  for (const start = performance.now(); performance.now() - start < WARM_MS; ) await fitted(job);
  const [theirs, ours] = [[], []];
  for (let i = 0; i < rounds; i++) {
    theirs.push(await peer.ask(job));
    ours.push(await fitted(job));
  }
  const fastest = (name) => [theirs, ours].map((fits) => Math.min(...fits.map((fit) => fit[name])));
  const ratio = ([their, our]) => `${(their / our).toFixed(1)}x`;
  const times = fastest('seconds').map((seconds) => (1000 * seconds).toPrecision(3));
  const objectives = [theirs, ours].map(([{ objective }]) => objective.toPrecision(10));
  const { kernel, maxClusters, maxLeaves } = job;
  const cells = [job.data, kernel, maxClusters, maxLeaves ?? 'any', ...times];
  cells.push(ratio(fastest('seconds')), ratio(fastest('processor')));
  console.log(`| ${[...cells, ...objectives].join(' | ')} |`);
}
peer.end();
