/** A package without a binary: the error, and each remedy that it names, where the remedy is meant to help. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobsFor } from '../src/cli/build.js';
import { version } from '../src/version.js';
import { root } from './support/dist.js';
import { type Ended, execute } from './support/processes.js';

const minutes = 60_000;
const folder = mkdtempSync(path.join(tmpdir(), 'genmi-build-test-'));
const bin = path.join(folder, 'bin');
const empty = path.join(folder, 'empty');
const source = path.join(folder, 'source');
const project = path.join(folder, 'project');
const installed = path.join(project, 'node_modules/genmi');
const compiled = path.join(installed, 'build/Release/genmi.node');

const find = (program: string): string =>
  execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();

/** A machine with a compiler, Node and npm, and without Python, make and node-gyp. */
const environment: NodeJS.ProcessEnv = {
  PATH: bin,
  HOME: path.join(folder, 'home'),
  GENMI_RECORDS: path.join(folder, 'records'),
  GENMI_PATH: process.env.PATH,
  // A developer's ccache serves here too.
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('CCACHE_'))),
  npm_config_offline: 'true',
};

interface Situation {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number | undefined;
}

const shell = (command: string, { cwd = project, env = {}, uid }: Situation = {}): Promise<Ended> =>
  execute('/bin/sh', ['-c', command], {
    cwd,
    env: { ...environment, ...env },
    timeout: 24 * minutes,
    killSignal: 'SIGTERM',
    ...(uid && { uid }),
  });

const program = `node --input-type=module --eval "import { info, tv } from 'genmi';
  console.log(tv({ mode: 'ovo' }).value([[0.75, 0.25], [0.25, 0.75]]), info().binary)"`;

/** The addon that the program has loaded, after it computed a value: 2 * 1/2 * 1/2 * TV, which is 1/2. */
async function loaded(situation?: Situation): Promise<string> {
  const { code, stdout, stderr } = await shell(program, situation);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^0\.25 /);
  return stdout.trim().slice(5);
}

async function build(command = 'npx genmi build', situation?: Situation): Promise<string> {
  const { code, stdout, stderr } = await shell(command, situation);
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).toBe('');
  return stdout;
}

beforeAll(async () => {
  for (const each of [bin, empty, source, project, environment.HOME, environment.GENMI_RECORDS])
    mkdirSync(each as string);
  for (const name of ['sh', 'env', 'cp', 'npm', 'npx', 'as', 'ld']) symlinkSync(find(name), path.join(bin, name));
  symlinkSync(process.execPath, path.join(bin, 'node'));
  symlinkSync(path.join(root, 'test/support/recorded-compiler.sh'), path.join(bin, 'g++'));
  for (const name of ['package.json', 'dist', 'native', 'vendor'])
    cpSync(path.join(root, name), path.join(source, name), { recursive: true });
  writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const { code, stderr } = await shell(`npm install --ignore-scripts --install-links ${source}`);
  expect(code, stderr).toBe(0);
}, 2 * minutes);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('without a binary', () => {
  it('the error names the platform, the files that were looked for, and two commands', async () => {
    const { code, stderr } = await shell(program);
    expect(code).toBe(1);
    for (const part of [
      'ERR_NATIVE_NOT_FOUND',
      `genmi could not load its native addon (${process.platform}-${process.arch}, Node ${process.version}).`,
      `${compiled}: not there`,
      `${path.join(installed, `prebuilds/${process.platform}-${process.arch}/genmi`)}`,
      `${path.join(folder, 'home')}`,
      '\n  npx genmi build\n',
      `\n  ${JSON.stringify(process.execPath)} "${path.join(installed, 'dist/cli/main.js')}" build`,
    ])
      expect(stderr).toContain(part);
  });

  it('the error of a file that cannot be opened is told', async () => {
    mkdirSync(path.dirname(compiled), { recursive: true });
    writeFileSync(compiled, 'not an addon');
    const { stderr } = await shell(program);
    rmSync(compiled);
    expect(stderr).toMatch(/genmi\.node: .*(file too short|invalid ELF header|not a mach-o)/i);
  });

  it('`genmi info` tells the same, and `genmi --version` and `genmi --help` need no addon', async () => {
    expect((await shell('npx genmi info')).stderr).toContain('\n  npx genmi build\n');
    expect((await shell('npx genmi --version')).stdout).toBe(`${version}\n`);
    expect((await shell('npx genmi --help')).stdout).toContain('build ');
  });
});

describe('npx genmi build', () => {
  it(
    'compiles into the package, says how long it takes, and leaves nothing else',
    async () => {
      const output = await build();
      expect(output).toMatch(/^genmi: compiling \d+ files with g\+\+, \d+ at a time; about two minutes on two cores\n/);
      expect(output).toMatch(new RegExp(`genmi: compiled in \\d+ s: ${compiled}\n$`));
      expect(readdirSync(path.dirname(compiled))).toEqual(['genmi.node']);
      expect(await loaded()).toBe(compiled);
    },
    25 * minutes,
  );

  it('has the command with whole paths as its equal, from any folder', async () => {
    rmSync(path.join(installed, 'build'), { recursive: true });
    const command = /\n {2}("[^\n]* build)/.exec((await shell(program)).stderr)?.[1];
    await build(command, { cwd: '/' });
    expect(await loaded()).toBe(compiled);
  });

  it('runs twice at once', async () => {
    await Promise.all([build(), build()]);
    expect(readdirSync(path.dirname(compiled))).toEqual(['genmi.node']);
    expect(await loaded()).toBe(compiled);
  });

  it('serves a global installation', async () => {
    const prefix = path.join(folder, 'global');
    const install = await shell(`npm install --global --prefix ${prefix} --ignore-scripts --install-links ${source}`);
    expect(install.code, install.stderr).toBe(0);
    const genmi = path.join(prefix, 'bin/genmi');
    expect((await shell(`${genmi} info`)).code).toBe(1);
    await build(`${genmi} build`, { cwd: '/' });
    expect((await shell(`${genmi} info`)).stdout).toContain(path.join(prefix, 'lib/node_modules/genmi/build/Release'));
  });

  it('goes into the cache where the package is read-only, and asks for a folder where there is no cache', async () => {
    const uid = process.getuid?.() === 0 ? 65534 : undefined; // root may write everywhere
    const shut = path.join(folder, 'shut');
    cpSync(project, shut, { recursive: true });
    rmSync(path.join(shut, 'node_modules/genmi/build'), { recursive: true });
    for (const each of [folder, environment.GENMI_RECORDS as string]) chmodSync(each, 0o777);
    execFileSync('chmod', ['-R', 'a-w,a+rX', shut]);
    const home = path.join(folder, 'nobody');
    mkdirSync(home);
    chmodSync(home, 0o500);
    const situation = { cwd: shut, uid, env: { HOME: home } };
    if (uid) chownSync(home, uid, uid);

    const refused = await shell(path.join(shut, 'node_modules/.bin/genmi build'), situation);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('No folder can be written to.');
    expect(refused.stderr).toContain('Name one in the environment variable XDG_CACHE_HOME.');

    const caches = path.join(folder, 'caches');
    mkdirSync(caches);
    if (uid) chownSync(caches, uid, uid);
    for (const env of [{ HOME: home, XDG_CACHE_HOME: caches }, { HOME: caches }]) {
      await build(path.join(shut, 'node_modules/.bin/genmi build'), { ...situation, env });
      expect(await loaded({ ...situation, env })).toContain(`/genmi/${version}-${process.platform}-${process.arch}`);
    }
    execFileSync('chmod', ['-R', 'u+w', shut]);
  });

  describe('without a compiler that serves', () => {
    const without = path.join(folder, 'without');
    beforeAll(() => {
      mkdirSync(without);
      for (const name of readdirSync(bin))
        if (name !== 'g++') symlinkSync(path.join(bin, name), path.join(without, name));
    });
    const genmi = () => path.join(project, 'node_modules/.bin/genmi build');

    it('says so before it compiles, and CXX names one', async () => {
      const none = await shell(genmi(), { env: { PATH: without } });
      expect(none.code).toBe(1);
      expect(none.stdout).toBe('');
      for (const part of ['g++: not found', 'clang++: not found', 'GCC 11, Clang 14', 'environment variable CXX'])
        expect(none.stderr).toContain(part);
      await build(genmi(), { env: { PATH: without, CXX: path.join(bin, 'g++') } });
    });

    it('tells of an old compiler, and of one that fails', async () => {
      const old = path.join(folder, 'old');
      writeFileSync(old, '#!/bin/sh\necho "error: unrecognized command line option -std=c++20" >&2; exit 1\n');
      chmodSync(old, 0o755);
      const { stderr } = await shell(genmi(), { env: { CXX: old } });
      expect(stderr).toContain(`${old}: error: unrecognized command line option -std=c++20`);

      const failing = path.join(folder, 'failing');
      writeFileSync(
        failing,
        `#!/bin/sh\ncase " $* " in *" -c "*) echo "error: no" >&2; exit 3;; esac\nexec ${bin}/g++ "$@"\n`,
      );
      chmodSync(failing, 0o755);
      const before = readFileSync(compiled);
      const failed = await shell(genmi(), { env: { CXX: failing } });
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain('ended with 3\nerror: no');
      expect(readFileSync(compiled).equals(before), 'the addon that was there stays').toBe(true);
      expect(readdirSync(path.dirname(compiled))).toEqual(['genmi.node']);
    });
  });

  it('runs as many compilers as cores and memory allow', () => {
    expect([jobsFor(64e9, 8), jobsFor(1e9, 8), jobsFor(1e8, 8), jobsFor(752e6, 4)]).toEqual([8, 2, 1, 2]);
  });
});

describe('GENMI_BINARY', () => {
  it('names the file; one that is not there is told, and unset the variable helps', async () => {
    const elsewhere = path.join(folder, 'elsewhere.node');
    cpSync(compiled, elsewhere);
    expect(await loaded({ env: { GENMI_BINARY: elsewhere } })).toBe(elsewhere);
    const { stderr } = await shell(program, { env: { GENMI_BINARY: '/no/such/file.node' } });
    expect(stderr).toContain(
      '/no/such/file.node: not there\nThe environment variable GENMI_BINARY names this file: unset it.',
    );
    expect(await loaded()).toBe(compiled);
  });
});

describe('where Node may not load addons', () => {
  const run = (flags: string) => shell(program.replace('node', `node ${flags}`));

  it('--no-addons: the error says to start without', async () => {
    expect(existsSync(compiled)).toBe(true);
    const { stderr } = await run('--no-addons');
    expect(stderr).toContain(
      'Node was started with --no-addons, in its arguments or in NODE_OPTIONS. Start it without.',
    );
    expect((await run('')).code).toBe(0);
  });

  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';

  it.each(['*', project])(
    'the permission model: the error names --allow-addons (--allow-fs-read=%s)',
    async (files) => {
      const flags = `${permission} --allow-fs-read=${files}`;
      const { stderr } = await run(flags);
      expect(stderr).toContain('Node was started with the permission model. Add --allow-addons to its arguments.');
      expect((await run(`${flags} --allow-addons`)).code).toBe(0);
    },
  );

  it('the permission model: the error names a file that may not be read', async () => {
    const flags = `${permission} --allow-addons --allow-fs-read=${project}`;
    const kept = path.join(folder, 'kept.node');
    renameSync(compiled, kept);
    const cache = /\n {2}(\/[^\n]*genmi\.node): Access/.exec((await run(flags)).stderr)?.[1] as string;
    mkdirSync(path.dirname(cache), { recursive: true });
    cpSync(kept, cache);
    const { stderr } = await run(flags);
    const flag = /permission model\. Add ("--allow-fs-read=.*") to its arguments\.$/m.exec(stderr)?.[1];
    expect(flag, stderr).toBe(`"--allow-fs-read=${cache}"`);
    expect((await run(`${flags} ${flag}`)).stdout).toContain(cache);
    rmSync(cache);
    renameSync(kept, compiled);
  });
});
