/** Times Kauri beside gemclus', in turns: see README.md. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Kauri } from 'genmi-cluster';

const python = spawn(process.argv[2] ?? 'python3', [fileURLToPath(new URL('kauri.py', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const answer = async () => JSON.parse((await lines.next()).value);
const ask = (job) => {
  python.stdin.write(`${JSON.stringify(job)}\n`);
  return answer();
};
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const data = await answer();
const repeats = Number(process.argv[3] ?? 3);
console.log(
  '| data | kernel | clusters | leaves | gemclus, s | genmi-cluster, s | ratio | objective of gemclus | ours |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
const clusters = { digits: 10, iris: 3, wine: 3, breast_cancer: 2 };
const kernels = ['linear', 'rbf'];
const settings = Object.entries(clusters).flatMap(([name, maxClusters]) =>
  kernels.flatMap((kernel) =>
    [2 * maxClusters, null].map((maxLeaves) => ({ data: name, kernel, maxClusters, maxLeaves })),
  ),
);
const only = process.argv[4];
for (const job of settings) {
  if (only && !`${job.data} ${job.kernel}`.includes(only)) continue;
  const { maxClusters, maxLeaves, kernel } = job;
  const options = { maxClusters, kernel, ...(maxLeaves && { maxLeaves }) };
  for (let i = 0; i < 3; i++) await new Kauri(options).fit(data[job.data]);
  const [theirs, ours] = [[], []];
  let objectives;
  for (let i = 0; i < repeats; i++) {
    const { seconds, objective } = await ask(job);
    const start = performance.now();
    const model = await new Kauri(options).fit(data[job.data]);
    ours.push((performance.now() - start) / 1000);
    theirs.push(seconds);
    objectives = [objective, model.objective].map((value) => value.toPrecision(10));
  }
  const ratio = (median(theirs) / median(ours)).toFixed(0);
  const times = [median(theirs), median(ours)].map((seconds) => seconds.toPrecision(3));
  console.log(
    `| ${[job.data, kernel, maxClusters, maxLeaves ?? 'any', ...times, `${ratio}x`, ...objectives].join(' | ')} |`,
  );
}
python.stdin.end();
