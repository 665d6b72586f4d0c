/** The checks of a release, in a clone: they pass where all is right, and name each fault that is planted. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { root } from './support/dist.js';
import { executeOutside, succeedOutside } from './support/processes.js';

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-release-'));
const clone = path.join(folder, 'clone');
const at = (file: string): string => path.join(clone, file);
const binaries = ['prebuilds/linux-x64/genmi.glibc.node', 'prebuilds/win32-x64/genmi.node'];

const git = (...args: string[]) =>
  succeedOutside('git', ['-c', 'user.name=tester', '-c', 'user.email=tester@example.invalid', ...args], clone);
const release = (...flags: string[]) => executeOutside(process.execPath, [at('scripts/release.mjs'), ...flags], clone);

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(at(file), change(readFileSync(at(file), 'utf8')));
}

async function commitAll(): Promise<void> {
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Change');
}

/** Commits a change, and expects that the checks name a fault for it, and no other. */
async function expectFault(fault: RegExp): Promise<void> {
  const { code, stderr } = await release('--checks');
  expect(code).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(fault)]);
}

describe('the checks of a release', () => {
  let good: string;

  beforeAll(async () => {
    await succeedOutside('git', ['clone', '--quiet', '--no-tags', root, clone], folder);
    // The scripts as they are here, committed or not.
    cpSync(path.join(root, 'scripts'), at('scripts'), { recursive: true });
    const exports = Object.fromEntries(binaries.map((file, i) => [`./binary/${i}`, `./${file}`]));
    edit('package.json', (text) => {
      const { homepage, repository, bugs, ...manifest } = JSON.parse(text);
      return JSON.stringify({ ...manifest, version: '1.2.3', exports });
    });
    edit('package-lock.json', (text) => JSON.stringify({ ...JSON.parse(text), version: '1.2.3' }));
    edit('src/version.ts', (text) => text.replace(/'.*'/, "'1.2.3'"));
    edit('CHANGELOG.md', (text) => text.replace(/^## .*$/m, '## 1.2.3 (2026-11-29)'));
    await commitAll();
    for (const file of binaries) {
      mkdirSync(path.dirname(at(file)), { recursive: true });
      writeFileSync(at(file), `binary ${file}`);
    }
    const program = `import { recordPrebuilds } from './scripts/release/prebuilds.mjs';
      recordPrebuilds('.', ${JSON.stringify(binaries)});`;
    await succeedOutside(process.execPath, ['--input-type=module', '--eval', program], clone);
    cpSync(at('prebuilds'), path.join(folder, 'prebuilds'), { recursive: true });
    good = (await git('rev-parse', 'HEAD')).trim();
  }, 60_000);

  beforeEach(async () => {
    await git('reset', '--hard', '--quiet', good);
    cpSync(path.join(folder, 'prebuilds'), at('prebuilds'), { recursive: true });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('pass where all is right', async () => {
    const { code, stdout, stderr } = await release('--checks');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.split('\n').filter(Boolean).length).toBeGreaterThanOrEqual(5);
    expect(stdout).toMatch(/^(.*: right\n)+$/);
  });

  it('name a tree with changes', async () => {
    appendFileSync(at('README.md'), '\n');
    await expectFault(/^not committed: M README.md$/);
  });

  it('name a binary that is missing', async () => {
    rmSync(at(binaries[1] as string));
    await expectFault(/^prebuilds\/win32-x64\/genmi.node is missing: npm run build:prebuilds$/);
  });

  it('name binaries of older sources', async () => {
    appendFileSync(at('native/sources.txt'), '\n');
    await commitAll();
    const { code, stderr } = await release('--checks');
    expect(code).toBe(1);
    expect(stderr).toBe(
      binaries.map((file) => `${file} was made of other sources: npm run build:prebuilds\n`).join(''),
    );
  });

  it('name a binary that somebody else made', async () => {
    appendFileSync(at(binaries[0] as string), 'x');
    await expectFault(/^prebuilds\/linux-x64\/genmi.glibc.node is not the one that npm run build:prebuilds made$/);
  });

  it('name a changelog without the version', async () => {
    edit('CHANGELOG.md', (text) => text.replace('## 1.2.3 (2026-11-29)', '## 1.2.2 (2026-11-01)'));
    await commitAll();
    await expectFault(/^CHANGELOG.md begins with 1.2.2, package.json has version 1.2.3$/);
  });

  it('name a changelog without a date', async () => {
    edit('CHANGELOG.md', (text) => text.replace('2026-11-29', 'unreleased'));
    await commitAll();
    await expectFault(/^CHANGELOG.md has 'unreleased' for the date of 1.2.3$/);
  });

  it('name versions that differ, no versions, and placeholders', async () => {
    edit('package-lock.json', (text) => text.replace('"1.2.3"', '"1.2.2"'));
    await commitAll();
    await expectFault(/^package-lock.json has version 1.2.2, package.json 1.2.3: npm install$/);
    await git('reset', '--hard', '--quiet', good);
    edit('src/version.ts', (text) => text.replace('1.2.3', '1.2.2'));
    await commitAll();
    await expectFault(/^src\/version.ts has version 1.2.2, package.json 1.2.3$/);
    await git('reset', '--hard', '--quiet', good);
    edit('package.json', (text) => text.replace('{', '{"homepage":"https://example.com/OWNER/genmi",'));
    await commitAll();
    await expectFault(/^package.json has a placeholder: "https:\/\/example.com\/OWNER\/genmi"$/);
  });

  it('name a tag that is taken', async () => {
    await git('tag', 'v1.2.3', `${good}~1`);
    await expectFault(/^v1.2.3 is the tag of another commit$/);
    await git('tag', '--force', 'v1.2.3', good);
    expect((await release('--checks')).code).toBe(0);
  });

  /** Runs a release with an npm that prints a version and warnings, and an npx whose tests pass; returns their calls. */
  async function releaseWith(npm: { version: string; warnings: string[] }, ...flags: string[]) {
    const tools = path.join(folder, 'tools');
    const calls = path.join(folder, 'calls');
    rmSync(calls, { force: true });
    mkdirSync(tools, { recursive: true });
    const warnings = npm.warnings.map((line) => `[ "$1" = publish ] && echo 'npm warn ${line}' >&2`);
    const program = (name: string) => [
      '#!/bin/sh',
      `echo "${name} $*" >> ${calls}`,
      `echo ${npm.version}`,
      ...warnings,
      'exit 0',
    ];
    for (const name of ['npm', 'npx']) writeFileSync(path.join(tools, name), program(name).join('\n'), { mode: 0o755 });
    const search = `PATH=${tools}:${process.env.PATH}`;
    const ended = await executeOutside('env', [search, process.execPath, at('scripts/release.mjs'), ...flags], clone);
    return { ...ended, calls: readFileSync(calls, 'utf8').trim().split('\n') };
  }

  it('test the tarball, try to publish, and publish only when told to', async () => {
    const machine = ['This command requires you to be logged in to nowhere (dry-run)', 'Unknown user config "x".'];
    const tried = await releaseWith({ version: '12.2.2', warnings: machine });
    expect(tried.code).toBe(0);
    const dry = [
      'npm --version',
      'npm run --silent build',
      'npx vitest run test/package.test.ts',
      'npm publish --access public --dry-run',
    ];
    expect(tried.calls).toEqual(dry);
    const published = await releaseWith({ version: '12.2.2', warnings: [] }, '--publish');
    expect(published.code).toBe(0);
    expect(published.calls).toEqual([...dry, 'npm publish --access public']);
  });

  it('stop at an old npm, and at a warning', async () => {
    const old = await releaseWith({ version: '11.9.0', warnings: [] }, '--publish');
    expect(old.code).toBe(1);
    expect(old.stderr).toMatch(/^npm 11.9.0: a release needs npm 12/);
    expect(old.calls).toEqual(['npm --version']);
    const corrected = await releaseWith({ version: '12.2.2', warnings: ['publish errors corrected:'] }, '--publish');
    expect(corrected.code).toBe(1);
    expect(corrected.stderr).toMatch(/npm publish failed or warned\nnpm warn publish errors corrected:\n$/);
    expect(corrected.calls.at(-1)).toBe('npm publish --access public --dry-run');
  });

  const hasTools = process.platform === 'linux' && process.arch === 'x64';
  it.runIf(hasTools)(
    'find no warning of npm 12 itself, which packs and tries to publish',
    { timeout: 300_000 },
    async () => {
      const { install } = await import(path.join(root, 'scripts/tools.mjs'));
      const modules: string = await install('engines/installers');
      // The packages and the addon of this repository: as in a clone after its `npm install`.
      symlinkSync(path.join(root, 'node_modules'), at('node_modules'));
      appendFileSync(at('.git/info/exclude'), 'node_modules\n');
      mkdirSync(at('build/Release'), { recursive: true });
      writeFileSync(at('build/Release/genmi.node'), 'newer than its sources');
      const tools = path.join(folder, 'tools-12');
      mkdirSync(tools);
      const node = path.join(modules, 'node-24/bin/node');
      const npm = `#!/bin/sh\nexec ${node} ${path.join(modules, 'npm-12/bin/npm-cli.js')} "$@"\n`;
      writeFileSync(path.join(tools, 'npm'), npm, { mode: 0o755 });
      writeFileSync(path.join(tools, 'npx'), '#!/bin/sh\n', { mode: 0o755 }); // package.test.ts runs by itself
      const settings = ['npm_config_registry=http://127.0.0.1:9/', 'npm_config_fetch_retries=0'];
      const args = [...settings, `PATH=${tools}:${process.env.PATH}`, node, at('scripts/release.mjs')];
      const { code, stdout, stderr } = await executeOutside('env', args, clone);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^\+ genmi@1\.2\.3$/m);
      for (const file of binaries) expect(stderr).toContain(file);
      expect(await git('status', '--porcelain')).toBe('');
    },
  );

  it('stop a release, also one to be published', async () => {
    appendFileSync(at('README.md'), '\n');
    const { code, stdout, stderr } = await release('--publish');
    expect(code).toBe(1);
    expect(stderr).toBe('not committed: M README.md\n');
    expect(stdout).not.toContain('npm');
  });
});
