import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import type { Scalar } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Results } from '../examples/mnist/results.js';
import { trainModel } from '../examples/mnist/tfjs-trainer.js';
import { geminiNames } from '../src/index.js';
import { readDigits } from '../support/digits.js';
import { loadEngine } from '../support/engine.js';
import { createModel } from '../support/model.js';
import { type Ended, execute } from './support/processes.js';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const main = fromRoot('out/examples/mnist/main.js');
const folder = mkdtempSync(join(tmpdir(), 'genmi-examples-'));

const find = (program: string): string =>
  execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
const runNode = (file: string, args: string[]) => execute(process.execPath, [file, ...args], { cwd: fromRoot('.') });

async function runMain(name: string, ...args: string[]): Promise<Ended & { results: Results; page: string }> {
  const out = join(folder, name);
  const ended = await runNode(main, [...args, '--out', out]);
  expect(ended).toMatchObject({ code: 0 });
  return { ...ended, ...readOutput(out) };
}

function readOutput(out: string): { results: Results; page: string } {
  return {
    results: JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')),
    page: readFileSync(join(out, 'results.html'), 'utf8'),
  };
}

/** The results that must be the same in two runs: all except times. */
const withoutSeconds = ({ history }: Results) => history.map(({ seconds, ...record }) => record);

beforeAll(() => {
  if (!existsSync(main)) throw new Error('the examples are not compiled: npm run build && npm run build:examples');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('clusters digits by pairs of perturbed copies', async () => {
  const { code, stdout } = await runNode(fromRoot('out/examples/iic-mnist.js'), ['1', '1000']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^epoch 1: loss -\d\.\d+, accuracy 0\.\d+, ARI -?0\.\d+\n$/);
});

it('clusters digits in the latent space of an autoencoder', async () => {
  const options = ['--samples', '500', '--first', '1', '--epochs', '1', '--truncation', '3,5', '--alpha', '0.2,0.65'];
  const { code, stdout } = await runNode(fromRoot('out/examples/deep-mixture-mnist.js'), options);
  expect(code).toBe(0);
  const found = /^ {2}\d clusters, ARI -?0\.\d+; loss \d+\.\d\nseed 1, (.+): \d clusters, ARI -?0\.\d+$/gm;
  const runs = ['alpha-js 0.2', 'alpha-js 0.65', 'kl'];
  expect([...stdout.matchAll(found)].map(([, name]) => name)).toEqual(
    [3, 5].flatMap((truncation) => runs.map((run) => `truncation ${truncation}, ${run}`)),
  );
});

it('clusters digits by each kind of copies, for as long as it shall', async () => {
  const options = ['--samples', '500', '--seconds', '0.01'];
  const { code, stdout } = await runNode(fromRoot('out/examples/iic-perturbations.js'), options);
  expect(code).toBe(0);
  const found = /^(\w+), seed 1, \d+ s, epoch 1: loss -?\d\.\d+, accuracy 0\.\d+, ARI -?0\.\d+$/gm;
  expect([...stdout.matchAll(found)].map(([, name]) => name)).toEqual(['affine', 'w2', 'both']);
});

describe('the MNIST job', () => {
  it('trains, prints what came out and writes both files', async () => {
    const { stdout, results, page } = await runMain('default', '--samples', '2000', '--epochs', '4', '--batch', '50');
    const { final, history, confusion, recipe, options } = results;
    expect(options).toMatchObject({ objective: 'imsat', engine: 'genmi', vat: 1 });
    expect(recipe.hidden).toEqual([1200, 1200]);
    expect(history.map(({ epoch, learningRate }) => [epoch, learningRate])).toEqual([
      [1, 2e-3],
      [2, 2e-3],
      [3, 2e-3],
      [4, 2e-3],
    ]);
    expect(results.interrupted).toBe(false);
    expect(final.ari).toBeGreaterThan(0.3); // k-means on the same pixels: 0.37 with all 60,000 images
    expect(final.accuracy).toBeGreaterThan(0.4);
    expect(final.purity).toBeGreaterThanOrEqual(final.accuracy);
    expect(final.usedClusters).toBe(10);
    expect(final.objective).toBe(history[3].objective);
    expect(history[3].entropies.proportions).toBeGreaterThan(2.2); // at most log 10 = 2.303
    expect(history[3].entropies.predictions).toBeLessThan(history[0].entropies.predictions);
    for (const part of ['preparation', 'network', 'objective', 'update', 'evaluation'] as const)
      expect(final.seconds[part]).toBeGreaterThan(0);
    expect(confusion).toHaveLength(10);
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(2000);
    for (const word of ['ARI', 'accuracy', 'clusters used', 'objective', 'seconds', 'results.html']) {
      expect(stdout).toContain(word);
    }
    expect(page).toContain('784-1200-1200-10 with batch normalisation');
    checkPage(page, final.usedClusters);
  });

  it('is the same again with the same seed, and another with another', async () => {
    const args = ['--samples', '500', '--epochs', '1', '--batch', '100'];
    const [first, again, other] = [
      await runMain('first', ...args, '--seed', '3'),
      await runMain('again', ...args, '--seed', '3'),
      await runMain('other', ...args, '--seed', '4'),
    ];
    expect(withoutSeconds(again.results)).toEqual(withoutSeconds(first.results));
    expect(other.results.final.objective).not.toBe(first.results.final.objective);
  });

  it('takes the other engines, which agree', async () => {
    const args = ['--samples', '100', '--epochs', '1', '--batch', '50'];
    const cpu = await runMain('cpu', ...args, '--engine', 'cpu');
    const wasm = await runMain('wasm', ...args, '--engine', 'wasm');
    expect(cpu.results.options.objective).toBe('mmd_ova');
    expect(cpu.results.engine.name).toContain('engine cpu');
    expect(wasm.results.engine.name).toContain('engine wasm');
    expect(wasm.results.final.objective).toBeCloseTo(cpu.results.final.objective, 3);
  });

  it.each(['kl_ova', 'mmd_ovo', 'wasserstein_ova', 'wasserstein_ovo'])('maximises %s', async (objective) => {
    const args = ['--samples', '400', '--epochs', '2', '--batch', '64', '--clusters', '3'];
    const { results } = await runMain(objective, '--objective', objective, ...args);
    expect(results.options.objective).toBe(objective);
    expect(results.recipe.hidden).toEqual([1200]);
    expect(results.final.objective).toBeGreaterThan(results.history[0].objective);
    expect(results.confusion[0]).toHaveLength(3);
  });

  it('adds virtual adversarial training to any objective', async () => {
    const args = ['--samples', '400', '--epochs', '2', '--batch', '64', '--objective', 'tv_ova'];
    const { results, page } = await runMain('vat', ...args, '--vat', '5');
    expect(results.recipe.vat).toBe(5);
    expect(page).toContain('virtual adversarial training of weight 5');
    const { results: without } = await runMain('no-vat', ...args);
    expect(without.final.objective).not.toBe(results.final.objective);
  });

  it('makes the table of all objectives with it', async () => {
    const { code, stdout } = await runNode(fromRoot('out/examples/mnist/vat-table.js'), ['1', '300']);
    const rows = stdout.trim().split('\n').slice(2).map((row) => row.split('|').slice(1, -1)); // biome-ignore format: one line
    expect([code, rows.length]).toEqual([0, geminiNames.length - 1]);
    for (const [, ari, clusters, weight, ariWithVat, clustersWithVat] of rows.map((row) => row.map(Number))) {
      for (const each of [ari, ariWithVat]) expect(Math.abs(each as number)).toBeLessThan(1);
      for (const each of [clusters, clustersWithVat]) expect(each).toBeGreaterThan(0);
      expect([1, 10, 20, 50]).toContain(weight);
    }
  });

  it.each(['genmi', 'cpu'])('ends after Ctrl-C with what it has: engine %s', async (engine) => {
    const out = join(folder, `interrupted-${engine}`);
    const args = ['--samples', '500', '--epochs', '100000', '--engine', engine, '--out', out];
    const child = spawn(process.execPath, [main, ...args]);
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (!child.killed && stdout.includes('epoch 1/')) child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(0);
    expect(stdout).toContain('Interrupted in epoch');
    const { results } = readOutput(out);
    expect(results.interrupted).toBe(true);
    expect(results.history.length).toBeGreaterThan(0);
  });

  it('stops at NaN and names the step', async () => {
    const { tf } = await loadEngine('cpu');
    const digits = readDigits('t10k', 100);
    const trained = trainModel({
      ...{ tf, train: digits, test: digits, epochs: 1, batch: 10, seed: 0, decay: false, learningRate: 1e-3 },
      model: createModel(tf, 2, 0),
      loss: (logits, rows) => tf.mul(tf.sum(logits), rows.includes(0) ? Number.NaN : 1) as Scalar,
      signal: new AbortController().signal,
      onStep() {},
      onEpoch() {},
    });
    await expect(trained).rejects.toThrow(/^epoch 1, step \d+: the loss became NaN/);
  });
});

/** One file that needs nothing else: no address at all, and pictures that are inside. */
function checkPage(page: string, clusters: number): void {
  expect(page).not.toMatch(/https?:|\/\/\w+\./);
  expect(page).not.toMatch(/<(script|link|iframe)\b/);
  expect([...page.matchAll(/<svg\b/g)]).toHaveLength(6);
  const pictures = [...page.matchAll(/\ssrc="([^"]*)"/g)].map(([, address]) => address);
  expect(pictures).toHaveLength(clusters);
  for (const picture of pictures) {
    const [type, data] = picture.split(',');
    expect(type).toBe('data:image/png;base64');
    const png = Buffer.from(data, 'base64');
    const pixels = inflateSync(png.subarray(41, png.length - 16)); // after signature, header and IDAT's 8 bytes
    expect(pixels.length).toBe(28 * (16 * 28 + 1));
    expect(pixels.some((pixel) => pixel > 200)).toBe(true);
  }
}

describe('a mistake on the command line', () => {
  it.each([
    [['--epoch', '3'], /unknown option '--epoch'[\s\S]*Did you mean --epochs/],
    [['--objective', 'mmd_oba'], /mmd_oba[\s\S]*mmd_ova, mmd_ovo/],
    [['--engine', 'gpu'], /gpu[\s\S]*genmi, tfjs-node, wasm, cpu/],
    [['--engine', 'cpu', '--vat'], /--vat needs virtual adversarial training, which --engine genmi alone has/],
    [['--engine', 'cpu', '--objective', 'imsat'], /--objective imsat needs virtual adversarial training/],
    [['--vat', '-1'], /-1[\s\S]*number of 0 or more/],
    [['--clusters', 'ten'], /ten[\s\S]*whole number from 1 to 1000/],
    [['--batch', '0'], /'0'[\s\S]*whole number of 2 or more/],
    [['--seed', '1.5'], /1\.5[\s\S]*whole number/],
    [['--full', '--epochs', '3'], /cannot be used with/],
    [['--out', 'package.json'], /package\.json[\s\S]*folder to write to/],
    [['digits'], /too many arguments/],
  ])('%j ends with code 2 and says what is allowed', async (args, message) => {
    const { code, stdout, stderr } = await runNode(main, args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });
});

describe('the engines', () => {
  it('are the one asked for, or wasm with a note that says why', async () => {
    const { name, note } = await loadEngine('tfjs-node');
    if (name === 'wasm') expect(note).toMatch(/tfjs-node is not available, the wasm engine is used/);
    else expect([name, note]).toEqual(['tfjs-node', undefined]);
  });

  it('are set up once: the second time the script only looks', async () => {
    const script = fromRoot('scripts/setup-tfjs-node.mjs');
    const first = await runNode(script, ['--json']);
    const started = performance.now();
    const second = await runNode(script, ['--json']);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(second).toMatchObject({ code: 0, stdout: first.stdout });
    expect(JSON.parse(second.stdout).engine).toMatch(/^(tfjs-node|wasm)$/);
  }, 900_000);

  it('need no Python: in a PATH without it, tfjs-node becomes wasm, and is told how to try again', async () => {
    const clone = join(folder, 'clone');
    for (const name of ['package.json', 'dist', 'build/Release', 'scripts', 'out/examples', 'out/support'])
      cpSync(fromRoot(name), join(clone, name), { recursive: true });
    for (const name of ['index.cjs', 'package.json', 'package-lock.json', 'requirements.txt'])
      cpSync(fromRoot(`engines/tfjs-node/${name}`), join(clone, 'engines/tfjs-node', name));
    symlinkSync(fromRoot('node_modules'), join(clone, 'node_modules'));
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    for (const name of ['npm', 'sh', 'env']) symlinkSync(find(name), join(bin, name));
    const run = (...args: string[]) =>
      execute(process.execPath, args, {
        cwd: clone,
        env: { ...process.env, PATH: bin, XDG_CACHE_HOME: join(folder, 'cache') },
      });

    const job = ['out/examples/mnist/main.js', '--samples', '500', '--epochs', '1'];
    const own = await run(...job);
    expect(own).toMatchObject({ code: 0, stderr: '' });
    expect(own.stdout).toContain('genmi');
    const setUp = await run('scripts/setup-tfjs-node.mjs');
    expect(setUp).toMatchObject({ code: 0 });
    const trained = await run(...job, '--engine', 'tfjs-node');
    expect(trained).toMatchObject({ code: 0 });
    // Where its own download works, it needs no Python either.
    if (/^tfjs-node: ready/m.test(setUp.stderr)) return;
    expect(setUp.stderr).toMatch(/not available.*python3 is not installed\. .*: npm run setup -- --force\n$/);
    expect(trained.stdout).toMatch(/python3 is not installed[\s\S]*engine wasm/);
    expect(trained.stderr).not.toContain('already'); // registered: two copies of TensorFlow.js
  }, 900_000);
});
