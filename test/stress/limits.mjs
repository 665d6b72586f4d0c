// Operations in processes whose address space is limited. Each ends well, with an error of genmi, or by the engine's own
// end for lack of memory, and never by a crash of the addon. COUNT limits for each operation; Linux, with prlimit.
import { spawn } from 'node:child_process';
import { COUNT, SEED, checkError, done, genmi } from './shared.mjs';
import { failsOnPurpose, operations } from './operations.mjs';

const SAMPLES = 4000;
const NAMES = [
  'kernel',
  'kernelAsync',
  'linear',
  'distance',
  'distanceAsync',
  'hops',
  'hopsAsync',
  'precomputed',
  'precomputedAsync',
  'rows',
  'toMatrix',
  'mmdAffinityGrad',
  'solver',
  'emd',
  'kl.valueAndGrad',
  'js.value',
  'mmd.valueAndGrad',
  'mmdDense.valueAndGradAsync',
  'sum.valueAndGrad',
  'wasserstein.estimate',
  'wassersteinWarm.estimate',
];
const [, , , , operation] = process.argv;

if (operation !== undefined) {
  try {
    await operations(SAMPLES)[operation]();
    console.log('ended');
  } catch (error) {
    // The engine may have no room for the test's inputs, which are arrays of its own.
    if (!(error instanceof RangeError && /allocation failed|Invalid typed array length/.test(error.message))) {
      if (!(failsOnPurpose(operation) || error.code === 'ERR_OUT_OF_MEMORY')) checkError(error, operation);
    }
    console.log('refused');
  }
  process.exit(0);
}

/** The bytes of address space of a process that has only loaded genmi. */
async function addressSpace() {
  const { readFileSync } = await import('node:fs');
  return Number(/VmSize:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}
const base = await addressSpace();

function run(name, limit) {
  return new Promise((resolve) => {
    const child = spawn(
      'prlimit',
      [`--as=${limit}`, process.execPath, new URL(import.meta.url).pathname, '0', String(SEED), name],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.once('exit', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
// V8 ends the process itself where its heap cannot grow; Node, where it cannot start a thread.
const ENGINE =
  /JavaScript heap out of memory|Fatal (process )?(error|OOM)|FATAL ERROR|Assertion `\(0\) == \(uv_|Cannot allocate memory|WebAssembly|ERR_WORKER_OUT_OF_MEMORY|uv_thread_create/i;

const outcomes = { ended: 0, refused: 0, engine: 0 };
for (const name of NAMES) {
  for (let i = 0; i < COUNT; i++) {
    const limit = Math.floor(base + 2 ** 20 * (8 + (2000 * i * i) / Math.max(1, (COUNT - 1) ** 2)));
    const { code, signal, stdout, stderr } = await run(name, limit);
    const outcome = code === 0 ? stdout.trim() : ENGINE.test(stderr) ? 'engine' : undefined;
    if (outcome === undefined || !(outcome in outcomes))
      throw new Error(`seed ${SEED}: ${name} within ${limit} bytes ended with ${code ?? signal}: ${stdout}${stderr}`);
    outcomes[outcome] += 1;
  }
}
genmi.info();
if (outcomes.refused === 0 && COUNT > 2) throw new Error('no limit was too small: the test tries nothing');
done(`${NAMES.length} operations within ${COUNT} limits each: ${JSON.stringify(outcomes)}`);
