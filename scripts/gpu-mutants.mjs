// Plants each bug of test/cuda/mutants.mjs in the kernels, runs their emulated tests plain, with AddressSanitizer and
// with ThreadSanitizer, and holds against the table in native/cuda/README.md which of the three find it:
// `npm run test:gpu-mutants`. `-- 1/3` plants every third bug; `-- --write` writes the table.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { mutants } from '../test/cuda/mutants.mjs';
import { buildEmulated, EMULATED, KERNEL_TESTS } from './gpu/emulated.mjs';
import { readTable } from './gpu/table.mjs';
import { root } from './tools.mjs';

/** A mutant that runs longer never ends. */
const LIMIT_MS = 300_000;
const TESTS = {
  'affinity/products.cu': 'EmulatedProducts.*',
  'affinity/pairwise.cu': 'EmulatedPairs.*',
  'affinity/tiles.h': 'EmulatedProducts.*',
  'objectives/predictions.cu': 'EmulatedSoftmax.*:EmulatedProportions.*',
  'affinity/hop_search.cu': 'EmulatedHops.*',
  'warp.h': 'EmulatedSoftmax.*:EmulatedHops.*',
  'elements.h': 'EmulatedNormalization.*:EmulatedSamples.*',
  'networks/activation.cu': 'EmulatedDense.*',
  'networks/adversarial.cu': 'EmulatedAdversarial.*',
  'networks/dense.cu': 'EmulatedDense.*',
  'networks/normalization.cu': 'EmulatedNormalization.*',
  'networks/optimizer.cu': 'EmulatedOptimizer.*',
  'networks/samples.cu': 'EmulatedSamples.*',
};
/** The objects of the test program. */
const OWN = new RegExp(`^CMakeFiles/(gpu_emulated|${KERNEL_TESTS})\\.dir/`);
const kernels = path.join(root, 'native/cuda');
const scratch = path.join(root, 'out/gpu-mutants');

/** The exit status of a command, null where a signal ended it, and all that it printed. */
async function execute(command, options = {}) {
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd: root, timeout: LIMIT_MS, ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const [status] = await once(child, 'close');
  return { status, output };
}

async function succeed(command) {
  const { status, output } = await execute(command);
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${output}`);
}

/** A copy of the kernels' sources with the bug. */
function plant({ file, was, planted }, number) {
  const folder = path.join(scratch, String(number));
  cpSync(kernels, folder, { recursive: true });
  const text = readFileSync(path.join(folder, file), 'utf8');
  if (text.split(was).length !== 2)
    throw new Error(`${file}: expected once, found ${text.split(was).length - 1} times: ${was}`);
  writeFileSync(
    path.join(folder, file),
    text.replace(was, () => planted),
  );
  return folder;
}

/** The sources that must be compiled where a file changes: itself, or those that include it. */
function sourcesOf(file) {
  if (file.endsWith('.cu')) return [file];
  const all = readdirSync(kernels, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cu'));
  return all.filter((name) => readFileSync(path.join(kernels, name), 'utf8').includes(path.basename(file)));
}

/** The test program of a run, with the planted sources in the place of its own. Optimised less: it runs for a moment. */
async function build(mutant, sources, { folder, name, link }) {
  const commands = JSON.parse(readFileSync(path.join(root, folder, 'compile_commands.json'), 'utf8'));
  const program = path.join(sources, `tests-${name}`);
  const changed = sourcesOf(mutant.file).map((file) => path.join(kernels, file));
  const objects = [];
  const [, compiler] = /^(.+?) -/.exec(commands[0].command); // a launcher may be the first word
  for (const { file, command } of commands) {
    const [, output] = / -o (\S+)/.exec(command);
    if (!OWN.test(output)) continue;
    if (!changed.includes(file)) {
      objects.push(path.join(root, folder, output));
      continue;
    }
    const object = path.join(sources, `${path.basename(file)}-${name}.o`);
    const planted = command.replaceAll(file, path.join(sources, path.relative(kernels, file))).replace(output, object);
    await succeed(planted.replace(/ -O[23]( -g)?/, ' -O1'));
    objects.push(object);
  }
  await succeed(`${compiler} ${link} ${objects.join(' ')} -lgtest_main -lgtest -pthread -o ${program}`);
  return program;
}

/** Whether the tests of a filter pass. */
async function passes(program, filter) {
  const { status } = await execute(`${program} --gtest_brief=1 --gtest_fail_fast --gtest_filter='${filter}'`, {
    env: { ...process.env, GENMI_FEW_SIZES: '1', TSAN_OPTIONS: 'halt_on_error=1', ASAN_OPTIONS: 'detect_leaks=0' },
  });
  return status === 0;
}

/** Whether a run finds the planted bug. */
async function finds(mutant, sources, run) {
  const program = await build(mutant, sources, run);
  const found = !(await passes(program, TESTS[mutant.file]));
  rmSync(program);
  return found;
}

/** What work(item) returns for each item, as many at once as there are processors. */
async function inParallel(items, work) {
  const results = [];
  let next = 0;
  const drain = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, drain));
  return results;
}

const write = process.argv.includes('--write');
const [, part, parts] = (process.argv[2]?.match(/^(\d+)\/(\d+)$/) ?? [0, 1, 1]).map(Number);
if (write && parts > 1) throw new Error('the whole table is written, or none of it');
const chosen = mutants.filter((_, at) => at % parts === part - 1);

rmSync(scratch, { recursive: true, force: true });
mkdirSync(scratch, { recursive: true });
for (const run of EMULATED) {
  buildEmulated(run, KERNEL_TESTS);
  if (!(await passes(path.join(root, run.folder, KERNEL_TESTS), Object.values(TESTS).join(':'))))
    throw new Error(`${run.title}: tests fail without a planted bug`);
}
const work = chosen.flatMap((mutant) => {
  const sources = plant(mutant, mutants.indexOf(mutant));
  return EMULATED.map((run) => ({ mutant, sources, run }));
});
const found = await inParallel(work, ({ mutant, sources, run }) => finds(mutant, sources, run));

const rows = chosen.map(({ kind, bug }, at) => {
  const own = found.slice(at * EMULATED.length, (at + 1) * EMULATED.length);
  return [kind, bug, ...own.map((each) => (each ? 'found' : ''))];
});
const table = readTable('npm run test:gpu-mutants');
if (write) table.write([['kind', 'planted bug', ...EMULATED.map(({ title }) => title)], ...rows]);
const committed = write ? rows : table.rows;
let failed = false;
for (const row of rows) {
  const expected = committed.find(([kind, bug]) => kind === row[0] && bug === row[1]);
  if (!row.slice(2).includes('found')) console.error(`nothing finds: ${row[0]}: ${row[1]}`);
  else if (`${expected}` === `${row}`) continue;
  else console.error(`native/cuda/README.md has another row (-- --write writes it): ${row.join(' | ')}`);
  failed = true;
}
if (!write && committed.length !== mutants.length) {
  console.error(`native/cuda/README.md has ${committed.length} planted bugs, test/cuda/mutants.mjs ${mutants.length}`);
  failed = true;
}
if (failed) process.exit(1);
const counts = EMULATED.map(({ title }, at) => `${rows.filter((row) => row[at + 2] === 'found').length} ${title}`);
console.log(`emulated: ${rows.length} planted bugs, all found: ${counts.join(', ')}; no GPU has run these kernels`);
