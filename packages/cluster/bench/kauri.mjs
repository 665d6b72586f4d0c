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
const settings = Object.keys(data).flatMap((name) => {
  const maxClusters = name === 'digits' ? 10 : name === 'breast_cancer' ? 2 : 3;
  return ['linear', 'rbf'].flatMap((kernel) =>
    [2 * maxClusters, 4 * maxClusters].map((maxLeaves) => ({ data: name, kernel, maxClusters, maxLeaves })),
  );
});
for (const job of settings) {
  const { maxClusters, maxLeaves, kernel } = job;
  const [theirs, ours] = [[], []];
  let objectives;
  for (let i = 0; i < repeats; i++) {
    const { seconds, objective } = await ask(job);
    const start = performance.now();
    const model = await new Kauri({ maxClusters, maxLeaves, kernel }).fit(data[job.data]);
    ours.push((performance.now() - start) / 1000);
    theirs.push(seconds);
    objectives = [objective, model.objective].map((value) => value.toPrecision(10));
  }
  const ratio = (median(theirs) / median(ours)).toFixed(0);
  const times = [median(theirs), median(ours)].map((seconds) => seconds.toPrecision(3));
  console.log(`| ${[job.data, kernel, maxClusters, maxLeaves, ...times, `${ratio}x`, ...objectives].join(' | ')} |`);
}
python.stdin.end();
