// Tests binaries that are there: `node scripts/prebuild-tests.mjs [--suite VERSION|here|all] [target …]`; without a target, all.
// Each is read; where a Node of its system runs here, that calls every public function, and the results are compared with those
// of linux-x64-glibc. With --suite, all tests of vitest run on this binary: on one version of Node, the present, or four lines.
// With --native FILTER, the native tests of this filter ('*': all) are compiled and run for each target that runs here.
// With --twice TARGET, this target is built once more in another folder, and its bytes are compared.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkBinaries } from './prebuild/checks.mjs';
import { runNativeTests } from './prebuild/native-tests.mjs';
import { nodeOf } from './prebuild/nodes.mjs';
import { runSuite, versionsOf } from './prebuild/suite.mjs';
import { fileOf, targets } from './prebuild/targets.mjs';
import { root } from './prebuild/tools.mjs';
import { buildTwice } from './prebuild/twice.mjs';

/** Rounded results differ by so much between machines, relative to the largest number of a result. */
const ROUNDING = 1e-6;
const folder = path.join(root, 'out/prebuild/package');

/** The package as it is installed with the binaries of these targets, and with no addon that was compiled here. */
function layOutPackage(names) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const each of ['package.json', 'dist', ...names.map(fileOf)])
    cpSync(path.join(root, each), path.join(folder, each), { recursive: true });
}

/** The results of the program's calls, with a target's binary and one set of vector kernels. */
function resultsOf(name, isa) {
  const file = path.join(root, `out/prebuild/${name}-${isa}.json`);
  const [command, ...args] = nodeOf(name);
  const inNode = name.startsWith('win32') ? (each) => `Z:${each}` : (each) => each; // Wine's name for the root
  const env = { ...process.env, GENMI_PACKAGE: inNode(folder), GENMI_ISA: isa };
  const program = inNode(path.join(root, 'test/smoke/program.mjs'));
  const options = { cwd: root, encoding: 'utf8', env };
  const { status, stderr, error } = spawnSync(command, [...args, program, inNode(file)], options);
  if (status !== 0) throw new Error(`${name}, ${isa}: ${error?.message ?? status} ${stderr}`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

const numbersOf = (hex) => {
  const bytes = Buffer.from(hex, 'hex');
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i));
};

/** The largest difference of two results, relative to the largest number. */
function difference(received, expected) {
  const [a, b] = [numbersOf(received), numbersOf(expected)];
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const largest = b.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return a.reduce((most, x, i) => Math.max(most, Object.is(x, b[i]) ? 0 : Math.abs(x - b[i]) / largest || 1), 0);
}

/** Compares two runs; returns sentences about what is wrong, and how many rounded results have other bits. */
function compare(received, expected) {
  const wrong = [];
  for (const [name, bits] of Object.entries({ ...expected.exact, ...expected.transport })) {
    if ({ ...received.exact, ...received.transport }[name] !== bits) wrong.push(`${name}: other bits`);
  }
  const rounded = Object.entries(expected.rounded);
  const differences = rounded.map(([name, bits]) => difference(received.rounded[name] ?? '', bits));
  for (const [i, each] of differences.entries()) {
    if (!(each <= ROUNDING)) wrong.push(`${rounded[i][0]}: differs by ${each}`);
  }
  const others = differences.filter((each) => each > 0).length;
  return {
    wrong,
    text: `${others} of ${rounded.length} rounded results have other bits, by ${Math.max(...differences)} at most`,
  };
}

const REFERENCE = 'linux-x64-glibc';

/** Runs the program with a target's binary, for each set of vector kernels that is compared. */
function testCalls(name) {
  for (const isa of name.includes('x64') ? ['auto', 'baseline'] : ['baseline']) {
    const received = resultsOf(name, isa);
    const { exact, rounded } = resultsOf(REFERENCE, isa);
    const { transport } = resultsOf(name, 'auto'); // the same for all sets of kernels
    const { wrong, text } = compare(received, { exact, transport, rounded });
    console.log(`${name}, ${received.isa}: ${text}`);
    if (wrong.length > 0) throw new Error(wrong.slice(0, 20).join('\n'));
  }
}

const { values: options, positionals } = parseArgs({
  options: {
    suite: { type: 'string' },
    native: { type: 'string' },
    twice: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : Object.keys(targets);
try {
  for (const { name, bytes } of checkBinaries(names)) console.log(`${name}: ${(bytes / 1e6).toFixed(2)} MB, checked`);
  layOutPackage([...new Set([REFERENCE, ...names])]);
  for (const name of names) if (nodeOf(name)) testCalls(name);
  if (options.native) for (const name of names) await runNativeTests(name, options.native);
  for (const name of options.twice) buildTwice(name);
  for (const version of versionsOf(options.suite)) runSuite(fileOf(REFERENCE), version);
} catch (error) {
  console.error(`prebuild tests: ${error.message}`);
  process.exit(1);
}
