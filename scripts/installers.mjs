// Publishes the packed package to a registry on this machine, and installs it from there with scripts blocked:
// `node scripts/installers.mjs [ci|all|INSTALLER]`. Each installation must say nothing unusual, load, and compute right numbers.
// Unless for CI, then a package without a binary: each command that its error names must compile one, and it must load.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commands, installers } from './installers/list.mjs';
import { startRegistry } from './installers/registry.mjs';
import { install, root } from './tools.mjs';

const [kind = 'ci'] = process.argv.slice(2);
const modules = { ci: await install('engines/installers') };
if (kind !== 'ci') modules.others = await install('engines/other-installers');
const folder = mkdtempSync(path.join(tmpdir(), 'genmi-installers-'));
const nodes = ['node-22', 'node-24', 'node-26'];
const tool = (name) => path.join(nodes.includes(name) || name.endsWith('-12') ? modules.ci : modules.others, name);
const nodeOf = (node) => path.join(tool(node), 'bin/node');
const chosen = kind === 'all' ? Object.keys(installers) : kind === 'ci' ? ['npm-12', 'pnpm-12'] : [kind];

/** Words of a line that is not usual. */
const UNUSUAL = /warn|error|block|ignored|script|deprecat|fail/i;

const PROGRAM = `import { Affinity, emd, mmd } from 'genmi';
const affinity = Affinity.kernel([[0], [3]], { kernel: 'linear' });
const value = mmd({ mode: 'ova', affinity }).value([[0.9, 0.1], [0.1, 0.9]]); // 3 / 2 times 0.8
const { cost } = emd([0.5, 0.5], [0.5, 0.5], [[-1, 0.3], [0.2, -0.5]]); // half of -1, and half of -0.5
if (Math.abs(value - 1.2) > 1e-14 || cost !== -0.75) throw new Error(\`\${value} \${cost}\`);
console.log('right');
`;

const registry = await startRegistry(modules.ci, folder);
let user = registry.newUser();
try {
  const packed = publish();
  for (const installer of chosen)
    for (const node of installer.endsWith('-12') ? nodes : ['node-22'])
      timed(installers[installer].program ? installer : `${installer}, ${node}`, () =>
        tryProject(projectOf(installer, node)),
      );
  for (const name of Object.keys(commands)) timed(name, () => tryProject(commandOf(name)));
  if (kind !== 'ci') {
    publishWithoutBinary(packed);
    user = registry.newUser(); // whose caches do not know the older version
    const compiler = recordedCompiler();
    const build = (name, project) => timed(`${name}, compiled`, () => tryToBuild(project, compiler));
    for (const installer of chosen) build(installer, projectOf(installer, 'node-22'));
    for (const name of Object.keys(commands)) build(name, commandOf(name));
  }
} finally {
  registry.process.kill();
  rmSync(folder, { recursive: true, force: true });
}

function timed(name, act) {
  const started = performance.now();
  try {
    act();
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Runs a program; the rest of `settings` is added to its environment. */
function run(command, args, cwd, { PATH, ...settings } = {}) {
  const env = { ...user, ...settings, PATH: [PATH, user.PATH].filter(Boolean).join(path.delimiter) };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  return { words: [command, ...args].join(' '), status: error?.message ?? status, output: `${stdout}${stderr}` };
}

/** The output of a program that must succeed. */
function outputOf({ words, status, output }) {
  if (status !== 0) throw new Error(`${words}: ${status}\n${output}`);
  return output;
}

/** Packs the repository as it is published, with the binaries in prebuilds/. Returns the tarball. */
function publish() {
  const binary = `prebuilds/linux-${process.arch}/genmi.glibc.node`;
  if (!existsSync(path.join(root, binary))) throw new Error(`${binary} is missing: npm run build:prebuilds`);
  outputOf(run('npm', ['pack', '--pack-destination', folder], root));
  const packed = path.join(
    folder,
    `genmi-${JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version}.tgz`,
  );
  outputOf(run('npm', ['publish', packed], folder));
  return packed;
}

/** Publishes the same as a newer version that no machine has a binary of. */
function publishWithoutBinary(packed) {
  outputOf(run('tar', ['xzf', packed], folder));
  const source = path.join(folder, 'package');
  rmSync(path.join(source, 'prebuilds'), { recursive: true });
  outputOf(run('npm', ['version', '99.0.0'], source));
  outputOf(run('npm', ['publish'], source));
}

/** A user's project: how it installs genmi, runs the command `genmi`, and runs a program that imports it. */
function projectOf(installer, node) {
  const { program, install, genmi, script, usual } = installers[installer];
  const cwd = mkdtempSync(path.join(folder, `${installer}-`));
  writeFileSync(path.join(cwd, 'package.json'), '{ "private": true, "type": "module", "name": "elsewhere" }');
  if (installer === 'yarn-4') writeFileSync(path.join(cwd, 'yarn.lock'), '');
  writeFileSync(path.join(cwd, 'program.mjs'), PROGRAM);
  const PATH = path.dirname(nodeOf(node));
  const call = (words, settings) => {
    const own = path.join(tool(installer), program ?? words[0]);
    const [command, ...args] = program ? [own, ...words] : [nodeOf(node), own, ...words.slice(1)];
    return run(command, args, cwd, { PATH, ...settings });
  };
  return {
    install: () => call(install),
    usual,
    expected: /^right$/m,
    genmi: (word, settings) => call([...genmi, word], settings),
    compute: () => (script ? call(script) : run(nodeOf(node), ['program.mjs'], cwd, { PATH })),
    shell: (line, settings) => run('sh', ['-c', line], cwd, { PATH, ...settings }),
  };
}

/** The command `genmi` alone, in an empty folder. */
function commandOf(name) {
  const { install, genmi } = commands[name];
  const cwd = mkdtempSync(path.join(folder, 'empty-'));
  const PATH = [path.join(user.NPM_CONFIG_PREFIX, 'bin'), path.dirname(nodeOf('node-22'))].join(path.delimiter);
  const call = ([first, ...rest], settings) =>
    first.endsWith('.js')
      ? run(nodeOf('node-22'), [path.join(tool('npm-12'), first), ...rest], cwd, { PATH, ...settings })
      : run(first, rest, cwd, { PATH, ...settings });
  return {
    install: () => (install ? call(install) : call([...genmi, '--version'])),
    expected: /^threads /m,
    genmi: (word, settings) => call([...genmi, word], settings),
    compute: () => call([...genmi, 'info']),
    shell: (line, settings) => run('sh', ['-c', line], cwd, { PATH, ...settings }),
  };
}

function tryProject(project) {
  const said = outputOf(project.install());
  const unusual = said.split('\n').filter((line) => UNUSUAL.test(line) && !project.usual?.test(line));
  if (unusual.length > 0) throw new Error(`its installation says:\n${said}`);
  const computed = outputOf(project.compute());
  if (!project.expected.test(computed)) throw new Error(computed);
  if (!/prebuilds/.test(binaryOf(project))) throw new Error(`it loads ${binaryOf(project)}`);
}

function binaryOf(project) {
  return /^binary +(.*)$/m.exec(outputOf(project.genmi('info')))?.[1];
}

/** A compiler that compiles each file once, on the first of PATH as g++. */
function recordedCompiler() {
  const bin = path.join(folder, 'compiler');
  for (const each of [bin, path.join(folder, 'records')]) mkdirSync(each);
  symlinkSync(path.join(root, 'test/support/recorded-compiler.sh'), path.join(bin, 'g++'));
  return { CXX: path.join(bin, 'g++'), GENMI_RECORDS: path.join(folder, 'records'), GENMI_PATH: process.env.PATH };
}

/** The commands that the error names, and the one of this installer: each compiles an addon, and it loads. */
function tryToBuild(project, compiler) {
  outputOf(project.install());
  const { status, output: error } = project.compute();
  const named = [...error.matchAll(/^ {2}(\S.* build)$/gm)].map(([, line]) => line);
  if (status === 0 || named.length === 0) throw new Error(`without a binary: ${status}\n${error}`);
  for (const build of [
    ...named.map((line) => () => project.shell(line, compiler)),
    () => project.genmi('build', compiler),
  ]) {
    const said = outputOf(build());
    outputOf(project.compute());
    const binary = binaryOf(project);
    if (!binary.endsWith('/build/Release/genmi.node') || !said.includes(binary))
      throw new Error(`${said} loads ${binary}`);
    rmSync(path.dirname(binary), { recursive: true });
    if (project.compute().status === 0) throw new Error(`${binary} is not what was loaded`);
  }
}
