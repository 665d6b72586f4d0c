/** The command `genmi build`: compiles the addon with the sources and headers of the package, and with nothing else. */
import { accessSync, constants, copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import path from 'node:path';
import { cached, compiled, root } from '../loader.js';
import { type Command, compile, findCompiler, LIBRARY_FLAGS } from './compiler.js';

/** The most memory that one run of the compiler takes. */
const BYTES_PER_JOB = 376e6;

const INCLUDES = ['native', 'native/include', 'vendor/node-addon-api', 'vendor/node-api-headers'];

/**
 * Compiles the addon into the package, or into the cache where the package is read-only. Says what it does, and how
 * far it is.
 *
 * @throws Error where no compiler serves, no folder can be written, or the compiler fails.
 */
export async function buildAddon(): Promise<void> {
  if (process.platform === 'win32') throw new Error('build: not available on Windows; the package has its binaries');
  const started = performance.now();
  const file = placeToWrite();
  const folder = mkdtempSync(path.join(tmpdir(), 'genmi-build-'));
  // Renamed into place when it has been opened: no process finds half of it, and none loses the one that it has open.
  const draft = path.join(path.dirname(file), `genmi.${process.pid}.node`);
  const stop = () => process.exit(1);
  const clean = () => {
    for (const each of [folder, draft]) rmSync(each, { recursive: true, force: true });
  };
  process.once('SIGINT', stop).once('SIGTERM', stop).once('exit', clean);
  const flags = wordsOf('native/flags.txt');
  const command = findCompiler(flags, path.join(folder, 'trial'));
  const objects = await compileAll(command, flags, folder);
  await compile(command, [...LIBRARY_FLAGS, ...objects, '-o', draft], root);
  createRequire(draft)(draft);
  renameSync(draft, file);
  console.log(`genmi: compiled in ${((performance.now() - started) / 1000).toFixed(0)} s: ${file}`);
}

const wordsOf = (file: string): string[] => readFileSync(path.join(root, file), 'utf8').trim().split(/\s+/);

/** The package's own place for the addon, or the one in the cache. */
function placeToWrite(): string {
  const reasons: string[] = [];
  for (const file of [compiled, cached]) {
    const folder = path.dirname(file);
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return file;
    } catch (error) {
      reasons.push(`  ${(error as Error).message}`);
    }
  }
  throw new Error(
    ['No folder can be written to.', ...reasons, 'Name one in the environment variable XDG_CACHE_HOME.'].join('\n'),
  );
}

/** Compiles every source. Returns the object files. */
async function compileAll(command: Command, flags: readonly string[], folder: string): Promise<string[]> {
  // Vector kernels take longest: they come first, so that none is alone at the end.
  const isKernel = (source: string) => Number(source.startsWith('native/simd/'));
  const sources = wordsOf('native/sources.txt').sort((a, b) => isKernel(b) - isKernel(a));
  const objectOf = (source: string) => path.join(folder, `${source.replaceAll('/', '-')}.o`);
  const jobs = jobsFor(process.availableMemory?.() ?? freemem(), availableParallelism());
  console.log(
    `genmi: compiling ${sources.length} files with ${command.join(' ')}, ${jobs} at a time; about two minutes on two cores`,
  );
  const options = [...flags, '-fPIC'];
  const header = await precompile(command, options, folder);
  const args = [...options, ...INCLUDES.map((include) => `-I${include}`), ...header, '-c'];
  const waiting = [...sources];
  let done = 0;
  const work = async () => {
    for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
      await compile(command, [...args, source, '-o', objectOf(source)], root);
      done += 1;
      showProgress(done, sources.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, work));
  } finally {
    waiting.length = 0; // after a failure, the others begin nothing new
  }
  return sources.map(objectOf);
}

/**
 * Compiles the standard headers once for all sources, which saves two fifths of the time. Returns the arguments that
 * include them; none for a compiler that cannot do so, or behind ccache, which keeps no results of such compilations.
 */
async function precompile(command: Command, options: readonly string[], folder: string): Promise<string[]> {
  if (command.some((word) => word.includes('ccache'))) return [];
  const header = path.join(folder, 'standard.h');
  copyFileSync(path.join(root, 'native/standard.h'), header); // GCC reads it where it refuses what it has compiled
  const args = [...options, '-x', 'c++-header', 'native/standard.h', '-o', `${header}.gch`];
  return compile(command, args, root).then(
    () => ['-include', header],
    () => [],
  );
}

/** How many run at once: as many as there are cores, and as fit into the free memory in bytes; at least one. */
export const jobsFor = (free: number, cores: number): number =>
  Math.max(1, Math.min(cores, Math.floor(free / BYTES_PER_JOB)));

/** On a terminal, one line that changes; elsewhere a line for each quarter. */
function showProgress(done: number, all: number): void {
  const line = `genmi: ${done} of ${all} files`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}${done === all ? '\n' : ''}`);
  else if (Math.floor((4 * done) / all) > Math.floor((4 * (done - 1)) / all)) console.log(line);
}
