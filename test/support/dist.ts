/** The built package, for programs that vitest cannot run itself: worker threads, child processes. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Ended, execute } from './processes.js';

export const entry = new URL('../../dist/index.js', import.meta.url);
if (!existsSync(entry)) throw new Error('dist/ is missing: run `npm run build` first');

// Every program below starts with this: the package, and problems whose numbers are the same everywhere.
const prelude = `
  const genmi = await import(${JSON.stringify(entry.href)});
  const { Affinity, add, config, info, kl, mmd, wasserstein } = genmi;
  function numbers(count, seed) {
    let state = seed;
    return Float64Array.from({ length: count }, () => (state = (state * 48271) % 2147483647) / 2147483647);
  }
  function problem(n, k, seed = 1) {
    const x = { data: numbers(n * 3, seed), shape: [n, 3] };
    const logits = { data: numbers(n * k, seed + 1).map((z) => 4 * z), shape: [n, k] };
    const distance = Affinity.distance(x, { metric: 'sqeuclidean' });
    const kernel = Affinity.kernel(x, { kernel: 'rbf' });
    const transport = wasserstein({ mode: 'ovo', affinity: distance });
    const sum = add(transport, mmd({ mode: 'ovo', affinity: kernel }), kl({ mode: 'ovo' }));
    return { x, logits, distance, kernel, transport, sum, options: { from: 'logits' } };
  }
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
`;

/** Node's arguments for an ES module that begins with the package and its problems. */
export const programArguments = (code: string) => ['--input-type=module', '--eval', prelude + code];

/** Runs an ES module that begins with the package and its problems in a Node process of its own. */
export function runProgram(code: string, timeout?: number, nodeOptions?: readonly string[]): Promise<Ended> {
  return runBare(prelude + code, timeout, nodeOptions);
}

/** Runs an ES module without that beginning: the main thread does not load the package. */
export function runBare(code: string, timeout = 60_000, nodeOptions: readonly string[] = []): Promise<Ended> {
  const args = [...nodeOptions, '--input-type=module', '--eval', code];
  return execute(process.execPath, args, { timeout, killSignal: 'SIGKILL' });
}

/** A worker's source with the same beginning, for worker threads that a program of `runProgram` starts. */
export const workerSource = (code: string): string =>
  `(async () => { const { parentPort, workerData } = await import('node:worker_threads'); ${prelude} ${code} })()
    .catch((error) => { setImmediate(() => { throw error; }); });`;

/** A worker thread of this process. */
export function startWorker(code: string, workerData?: unknown): Worker {
  return new Worker(workerSource(code), { eval: true, workerData, execArgv: [] });
}

export const root = fileURLToPath(new URL('../..', import.meta.url));
