/** Clusters that Dirichlet-process mixtures find among scikit-learn's digits, beside scikit-learn's: see docs/mixtures.md. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ari } from 'genmi';
import { DirichletProcessMixture } from 'genmi/mixtures';

const [program = 'python3', seeds = '5', limit = '30'] = process.argv.slice(2);
const script = fileURLToPath(new URL('digits.py', import.meta.url));
const { stdout } = spawnSync(program, [script, seeds, limit], {
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [{ x, classes, truncation, iterations }, ...fits] = stdout
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

/** The responsibilities of clusters: 1 or 0. */
const oneHot = (labels) => labels.map((label) => Array.from({ length: truncation }, (_, k) => (k === label ? 1 : 0)));

async function mixtureOf(options, start) {
  const mixture = new DirichletProcessMixture({ truncation, maxIterations: iterations, ...options });
  await mixture.fit(x, start);
  return { labels: mixture.predict(x), iterations: mixture.history.length };
}

const cells = ({ labels, iterations: taken }) => [new Set(labels).size, ari(classes, labels).toFixed(3), taken];
const columns = ['clusters', 'ARI', 'iterations'];
const header = ['covariance', 'seed', ...columns.map((each) => `scikit-learn: ${each}`)];
header.push('same labels from its start', ...columns.map((each) => `genmi: ${each}`));
console.log(`| ${header.join(' | ')} |\n|${'---|'.repeat(header.length)}`);
for (const theirs of fits) {
  const covariance = theirs.covariance === 'full' ? 'full' : 'diagonal';
  const same = await mixtureOf({ covariance, compat: 'sklearn' }, { responsibilities: oneHot(theirs.start) });
  const own = await mixtureOf({ covariance, seed: theirs.seed });
  const agreement = ari(theirs.labels, same.labels) === 1 ? 'yes' : `ARI ${ari(theirs.labels, same.labels).toFixed(3)}`;
  console.log(`| ${[covariance, theirs.seed, ...cells(theirs), agreement, ...cells(own)].join(' | ')} |`);
}
