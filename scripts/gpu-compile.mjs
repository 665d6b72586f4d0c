// Compiles the kernels of native/cuda for each architecture, and holds registers and spills against the table in
// native/cuda/README.md: `npm run build:gpu-matrix`; with `-- --write`, writes the table. It runs no kernel.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ARCHITECTURES, FLAGS, kernels } from './gpu/flags.mjs';
import { nvcc, VERSION } from './gpu/nvcc.mjs';
import { readTable } from './gpu/table.mjs';
import { root } from './tools.mjs';

function run(command, args, input) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', input });
  if (error) throw error;
  if (status === 0) return { stdout, stderr };
  console.error(`${command} ended with ${status}\n${stdout}${stderr}`);
  process.exit(1);
}

/** The report of ptxas on all kernels of a source, a warning of any compiler being an error. */
function compile(source) {
  const folder = path.join(root, 'out/gpu');
  mkdirSync(folder, { recursive: true });
  const output = path.join(folder, `${path.basename(source, '.cu')}.o`);
  const { stdout, stderr } = run(nvcc(), ['-c', ...FLAGS, '-Xptxas=-v', '-o', output, source]);
  return stdout + stderr;
}

/** Kernels' names with template arguments, without namespaces, results and parameters. */
function readable(mangled) {
  const { stdout } = run('c++filt', ['-p'], mangled.join('\n'));
  const short = stdout.replaceAll(/^void |(\w+|\(anonymous namespace\))::/gm, '').replaceAll(' >', '>');
  return short.trimEnd().split('\n');
}

/** What ptxas says of each kernel for each architecture. */
function usages(report) {
  const found = report.matchAll(
    /Compiling entry function '(\w+)' for 'sm_(\d+)'[\s\S]*?(\d+) bytes spill stores, (\d+) bytes spill loads\n[^\n]*Used (\d+) registers/g,
  );
  const all = [...found].map(([, name, ...numbers]) => ({ name, numbers: numbers.map(Number) }));
  const names = readable(all.map(({ name }) => name));
  return all.map(({ numbers: [architecture, stores, loads, registers] }, at) => ({
    kernel: names[at],
    architecture,
    spilled: stores + loads,
    registers,
  }));
}

/** One row for each kernel, below a header. */
function tableOf(all) {
  const header = ['kernel', ...ARCHITECTURES.map((number) => `sm_${number}`), 'bytes spilled'];
  const rows = [...new Set(all.map(({ kernel }) => kernel))].sort().map((kernel) => {
    const own = ARCHITECTURES.map((wanted) => {
      const [usage, ...others] = all.filter((each) => each.kernel === kernel && each.architecture === wanted);
      if (usage === undefined || others.length > 0)
        throw new Error(`${kernel}: ${others.length + (usage ? 1 : 0)} reports of ptxas for sm_${wanted}, not one`);
      return usage;
    });
    const spilled = own.reduce((sum, usage) => sum + usage.spilled, 0);
    return [`\`${kernel}\``, ...own.map(({ registers }) => String(registers)), String(spilled)];
  });
  return [header, ...rows];
}

const sources = readdirSync(kernels, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cu'));
const all = sources.sort().flatMap((name) => {
  const report = compile(path.join(kernels, name));
  const own = usages(report);
  // A line of a later ptxas that usages() does not read must not shorten the table.
  if (own.length === 0 || own.length !== report.split('Compiling entry function').length - 1)
    throw new Error(`the report of ptxas on ${name} is not understood:\n${report}`);
  return own;
});
const table = readTable('npm run build:gpu-matrix');
const [header, ...rows] = tableOf(all);

const spills = all.filter(({ spilled }) => spilled > 0);
for (const { kernel, architecture, spilled } of spills)
  console.error(`${kernel} spills ${spilled} bytes on sm_${architecture}`);
const write = process.argv.includes('--write');
if (write) table.write([header, ...rows]);
const differs = !write && `${rows.join('\n')}` !== `${table.rows.join('\n')}`;
if (differs)
  console.error(`the table in native/cuda/README.md differs (-- --write writes it); found:\n${rows.join('\n')}`);
if (differs || spills.length > 0) process.exit(1);
console.log(
  `nvcc ${VERSION}: ${all.length / ARCHITECTURES.length} kernels for ${ARCHITECTURES.length} architectures, ` +
    'no spills; no GPU has run these kernels',
);
