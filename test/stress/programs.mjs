// The stress programs, with the size of each at every change (small) and every night (large), and one way to run them:
// `node test/stress/programs.mjs small|large [program] [seed]`, after `npm run build`.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @type {{ name: string, what: string, small: number, large: number, flags?: string[], platform?: string }[]} */
export const programs = [
  { name: 'fuzz', what: 'calls, public and of the addon, with wrong arguments', small: 20_000, large: 325_000 },
  {
    name: 'aborts',
    what: 'asynchronous calls that are aborted or lose what they work on',
    small: 1000,
    large: 10_000,
    flags: ['--expose-gc'],
  },
  {
    name: 'networks',
    what: 'trainings of random networks that are aborted or disturbed',
    small: 300,
    large: 30_000,
    flags: ['--expose-gc'],
  },
  { name: 'workers', what: 'worker threads ended in the middle of their work', small: 20, large: 200 },
  { name: 'endings', what: 'processes that end in the middle of their work', small: 8, large: 80 },
  { name: 'values', what: 'values against their definitions in plain JavaScript', small: 4000, large: 14_000 },
  {
    name: 'leaks',
    what: 'calls of each operation, after which memory is as it was',
    small: 1000,
    large: 100_000,
    flags: ['--expose-gc'],
  },
  { name: 'limits', what: 'limits of address space for each operation', small: 3, large: 19, platform: 'linux' },
];

/** Runs one program; resolves with its output, rejects if it did not end well. */
export function runProgram({ name, flags = [] }, count, seed, milliseconds = 86_400_000) {
  const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, file, String(count), String(seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: milliseconds,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      code === 0
        ? resolve(output.trim())
        : reject(new Error(`${name} ${count} ${seed} ended with ${code ?? signal}: ${output}`)),
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [size = 'small', only, seed = '1'] = process.argv.slice(2);
  for (const program of programs) {
    if ((only && only !== program.name) || (program.platform ?? process.platform) !== process.platform) continue;
    const start = performance.now();
    const said = await runProgram(program, program[size], Number(seed));
    console.log(`${program.name}: ${said} (${((performance.now() - start) / 1000).toFixed(0)} s)`);
  }
}
