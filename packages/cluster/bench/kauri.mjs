/** Times Kauri beside gemclus', in turns: see README.md. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Kauri } from 'genmi-cluster';

const [program = 'python3', repeats = '9', only = ''] = process.argv.slice(2);
const python = spawn(program, [fileURLToPath(new URL('kauri.py', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const answer = async () => JSON.parse((await lines.next()).value);
const ask = (job) => {
  python.stdin.write(`${JSON.stringify(job)}\n`);
  return answer();
};
const data = Object.fromEntries(
  Object.entries(await answer()).map(([name, rows]) => [
    name,
    { data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0].length] },
  ]),
);

const clusters = { digits: 10, iris: 3, wine: 3, breast_cancer: 2 };
const settings = Object.entries(clusters).flatMap(([name, maxClusters]) =>
  ['linear', 'rbf'].flatMap((kernel) =>
    [2 * maxClusters, null].map((maxLeaves) => ({ data: name, kernel, maxClusters, maxLeaves })),
  ),
);

async function fitted({ data: name, kernel, maxClusters, maxLeaves }) {
  const model = new Kauri({ maxClusters, kernel, ...(maxLeaves && { maxLeaves }) });
  const [start, used] = [performance.now(), process.cpuUsage()];
  await model.fit(data[name]);
  const { user, system } = process.cpuUsage(used);
  return { seconds: (performance.now() - start) / 1e3, processor: (user + system) / 1e6, objective: model.objective };
}

const columns = 'data, kernel, clusters, most leaves, gemclus ms, genmi-cluster ms, ratio, ratio of processor time';
console.log(`| ${[...columns.split(', '), 'objective of gemclus', 'ours'].join(' | ')} |`);
console.log(`|${'---|'.repeat(10)}`);
for (const job of settings.filter((each) => `${each.data} ${each.kernel}`.includes(only))) {
  // The first fits wait for the compiler; digits take minutes.
  const rounds = job.data === 'digits' ? 1 : Number(repeats);
  for (let i = 0; i < (job.data === 'digits' ? 2 : 30); i++) await fitted(job);
  const [theirs, ours] = [[], []];
  for (let i = 0; i < rounds; i++) {
    theirs.push(await ask(job));
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
python.stdin.end();
