// The tools of the prebuilt binaries, pinned by their hashes: zig, a cross compiler, and LIEF, which reads what it makes.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
/** One task of the compiler holds this much memory, at most. */
const BYTES_PER_TASK = 376e6;

/** The Python that has the tools; they are installed in .cache on first use, and when their versions change. */
export function python() {
  const environment = path.join(root, '.cache/prebuild');
  const installed = path.join(environment, 'installed');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const executable = path.join(environment, 'bin/python');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return executable;
  execute('python3', ['-m', 'venv', '--clear', environment]);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--only-binary=:all:'];
  execute(executable, ['-m', 'pip', 'install', ...quiet, '--require-hashes', '-r', requirements]);
  writeFileSync(installed, wanted);
  return executable;
}

/** What a command prints; a command that fails throws. */
export function execute(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

/** Runs zig, as many at a time as cores and free memory allow; all of its caches are in .cache. */
export function zig(args) {
  compiler ??= [python(), createPool(tasksAtATime())];
  const [executable, run] = compiler;
  const cache = path.join(root, '.cache/zig');
  // Binaries for Windows have the time of their making in them: always the same one.
  const env = { ...process.env, ZIG_LOCAL_CACHE_DIR: cache, ZIG_GLOBAL_CACHE_DIR: cache, SOURCE_DATE_EPOCH: '0' };
  return run(() => promisify(execFile)(executable, ['-m', 'ziglang', ...args], { cwd: root, env, maxBuffer: 2 ** 28 }));
}
let compiler;

const tasksAtATime = () =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / BYTES_PER_TASK)));

/** A function that starts tasks, at most `count` at a time, in the order of its calls. */
function createPool(count) {
  const waiting = [];
  let running = 0;
  const next = () => {
    if (running === count || waiting.length === 0) return;
    running += 1;
    const { task, resolve, reject } = waiting.shift();
    task()
      .then(resolve, reject)
      .finally(() => {
        running -= 1;
        next();
      });
  };
  return (task) =>
    new Promise((resolve, reject) => {
      waiting.push({ task, resolve, reject });
      next();
    });
}
