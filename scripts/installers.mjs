// Publishes the packed package to a registry on this machine, and installs it from there with scripts blocked:
// `node scripts/installers.mjs [ci|all|INSTALLER]`. Each installation must say nothing unusual, load, and compute right numbers.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { install, root } from './tools.mjs';

const [kind = 'ci'] = process.argv.slice(2);
const modules = { ci: await install('engines/installers') };
if (kind !== 'ci') modules.others = await install('engines/other-installers');
const folder = mkdtempSync(path.join(tmpdir(), 'genmi-installers-'));
const tool = (name) => path.join(name in nodes || name.endsWith('-12') ? modules.ci : modules.others, name);

/** The versions of Node, each with its folder for PATH. */
const nodes = { 'node-22': 'bin', 'node-24': 'bin', 'node-26': 'bin' };

/** The words that each installs with, and those that run the command; `usual`: lines of its output that are no fault. */
const installers = {
  'npm-12': { args: ['bin/npm-cli.js', 'install', 'genmi'], run: ['bin/npx-cli.js', 'genmi', 'info'] },
  'pnpm-12': { args: ['bin/pnpm.mjs', 'add', 'genmi'], run: ['bin/pnpm.mjs', 'exec', 'genmi', 'info'] },
  'npm-11': {
    args: ['bin/npm-cli.js', 'install', '--ignore-scripts', 'genmi'],
    run: ['bin/npx-cli.js', 'genmi', 'info'],
  },
  'npm-10': {
    args: ['bin/npm-cli.js', 'install', '--ignore-scripts', 'genmi'],
    run: ['bin/npx-cli.js', 'genmi', 'info'],
  },
  'pnpm-10': { args: ['bin/pnpm.cjs', 'add', 'genmi'], run: ['bin/pnpm.cjs', 'exec', 'genmi', 'info'] },
  'yarn-1': {
    args: ['bin/yarn.js', 'add', '--ignore-scripts', 'genmi'],
    run: ['bin/yarn.js', '--silent', 'genmi', 'info'],
    usual: /^warning (Ignored scripts due to flag|Workspaces can only be enabled in private projects)\.$/,
  },
  'yarn-4': {
    args: ['bin/yarn.js', 'add', 'genmi'],
    run: ['bin/yarn.js', 'genmi', 'info'],
    usual: /^➤ YN0000: · Done with warnings/,
  },
  bun: { program: 'bin/bun', args: ['add', 'genmi'], run: ['x', 'genmi', 'info'] },
  deno: {
    program: 'deno',
    args: ['add', '--minimum-dependency-age=0', 'npm:genmi'],
    run: ['run', '-A', '--minimum-dependency-age=0', 'npm:genmi', 'info'],
    script: ['run', '-A', '--minimum-dependency-age=0', 'program.mjs'],
  },
};
const chosen = kind === 'all' ? Object.keys(installers) : kind === 'ci' ? ['npm-12', 'pnpm-12'] : [kind];

// Yarn 4 and deno refuse what was published today, unless told otherwise. Yarn 4 warns of ES modules in PnP, genmi's or not.

/** Words of a line that is not usual. */
const UNUSUAL = /warn|error|block|ignored|script|deprecat|fail/i;

const PROGRAM = `import { Affinity, emd, mmd } from 'genmi';
const affinity = Affinity.kernel([[0], [3]], { kernel: 'linear' });
const value = mmd({ mode: 'ova', affinity }).value([[0.9, 0.1], [0.1, 0.9]]); // 3 / 2 times 0.8
const { cost } = emd([0.5, 0.5], [0.5, 0.5], [[-1, 0.3], [0.2, -0.5]]); // half of -1, and half of -0.5
if (Math.abs(value - 1.2) > 1e-14 || cost !== -0.75) throw new Error(\`\${value} \${cost}\`);
console.log('right');
`;

const registry = await startRegistry();
try {
  publish();
  for (const installer of chosen) {
    const versions = installer.endsWith('-12') ? Object.keys(nodes) : ['node-22'];
    for (const node of versions) tryOne(installer, node);
  }
} finally {
  registry.process.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function startRegistry() {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  const config = path.join(folder, 'registry.yaml');
  const packages = "packages:\n  '**':\n    access: $all\n    publish: $anonymous\n";
  writeFileSync(
    config,
    `storage: ${folder}/storage\nmax_body_size: 50mb\nlog: { type: stdout, level: fatal }\n${packages}`,
  );
  const program = path.join(modules.ci, 'verdaccio/bin/verdaccio');
  const args = [program, '--config', config, '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: folder });
  const url = `http://127.0.0.1:${port}/`;
  for (const deadline = Date.now() + 120_000; ; ) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return { url, process: child, host: `//127.0.0.1:${port}/` };
    if (Date.now() > deadline) throw new Error('the registry does not answer');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The environment of a user whose home is empty, and whose registry is the one of this machine. */
function environment(node) {
  const npm = Object.entries(process.env).filter(([name]) => !/^(npm_|node_options|ci$)/i.test(name));
  const home = path.join(folder, 'home');
  mkdirSync(home, { recursive: true });
  writeFileSync(
    path.join(home, '.npmrc'),
    `registry=${registry.url}\n${registry.host}:_authToken=nobody\nupdate-notifier=false\n`,
  );
  const { PATH, ...rest } = Object.fromEntries(npm);
  const bin = node === undefined ? [] : [path.join(tool(node), nodes[node])];
  const own = { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), XDG_DATA_HOME: path.join(home, 'data') };
  const yarn = {
    YARN_NPM_REGISTRY_SERVER: registry.url,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_NPM_MINIMAL_AGE_GATE: '0',
  };
  const others = { NPM_CONFIG_REGISTRY: registry.url, BUN_CONFIG_REGISTRY: registry.url, DENO_NO_UPDATE_CHECK: '1' };
  return { ...rest, ...own, ...yarn, ...others, PATH: [...bin, PATH].join(path.delimiter) };
}

function run(command, args, cwd, node) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env: environment(node) });
  const output = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? status}\n${output}`);
  return output;
}

/** Packs the repository as it is published, with the binaries in prebuilds/. */
function publish() {
  const binary = `prebuilds/linux-${process.arch}/genmi.glibc.node`;
  if (!existsSync(path.join(root, binary))) throw new Error(`${binary} is missing: npm run build:prebuilds`);
  run('npm', ['pack', '--pack-destination', folder], root);
  run('npm', ['publish', ...readdirSync(folder).filter((name) => name.endsWith('.tgz'))], folder);
}

function tryOne(installer, node) {
  const { program, args, run: info, script = ['program.mjs'], usual } = installers[installer];
  const project = mkdtempSync(path.join(folder, `${installer}-`));
  writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module", "name": "elsewhere" }');
  if (installer === 'yarn-4') writeFileSync(path.join(project, 'yarn.lock'), '');
  writeFileSync(path.join(project, 'program.mjs'), PROGRAM);
  const nodeProgram = path.join(tool(node), nodes[node], 'node');
  const call = (words) =>
    program === undefined
      ? run(nodeProgram, [path.join(tool(installer), words[0]), ...words.slice(1)], project, node)
      : run(path.join(tool(installer), program), words, project, node);
  const started = performance.now();
  const said = call(args);
  const unusual = said.split('\n').filter((line) => UNUSUAL.test(line) && !usual?.test(line));
  if (unusual.length > 0) throw new Error(`${installer} says:\n${said}`);
  const computed =
    installer === 'yarn-4'
      ? call(['bin/yarn.js', 'node', ...script])
      : program === undefined
        ? run(nodeProgram, script, project, node)
        : call(script);
  if (!/^right$/m.test(computed)) throw new Error(`${installer}: ${computed}`);
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const described = call(info);
  if (!described.includes(version) || !/prebuilds/.test(described)) throw new Error(`${installer}: ${described}`);
  console.log(
    `${installer}, ${program === undefined ? node : 'by itself'}: ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}
