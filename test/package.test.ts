/** The tarball, installed elsewhere: compiled from source, imported, required, typed. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/dist.js';
import { executeOutside, succeedOutside } from './support/processes.js';

const minutes = 60_000;
const folder = mkdtempSync(path.join(tmpdir(), 'genmi-package-'));
const project = path.join(folder, 'project');
const installed = path.join(project, 'node_modules', 'genmi');

const node = (...args: string[]) => succeedOutside(process.execPath, args, project);

interface Packed {
  filename: string;
  size: number;
  files: { path: string }[];
}

let packed: Packed;

beforeAll(async () => {
  // Packed from a copy: `npm pack` builds, and other tests read dist/ meanwhile.
  const source = path.join(folder, 'source');
  mkdirSync(source);
  for (const name of readdirSync(root)) {
    if (['.git', '.cache', 'build', 'dist', 'engines', 'examples', 'node_modules', 'out', 'tools'].includes(name))
      continue;
    cpSync(path.join(root, name), path.join(source, name), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(source, 'node_modules'));
  const output = await succeedOutside('npm', ['pack', '--json', '--pack-destination', folder], source);
  [packed] = JSON.parse(output.slice(output.search(/^\[/m))) as [Packed];

  mkdirSync(project);
  writeFileSync(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'elsewhere', private: true, type: 'module' }),
  );
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--foreground-scripts'];
  await succeedOutside('npm', ['install', ...flags, path.join(folder, packed.filename)], project);
}, 5 * minutes);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tarball', () => {
  const has = (file: string) => packed.files.some((each) => each.path === file);
  const hasUnder = (prefix: string) => packed.files.some((each) => each.path.startsWith(prefix));

  it('holds what compiling and using it needs', () => {
    for (const file of [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'binding.gyp',
      'scripts/install.mjs',
      'native/sources.txt',
      'native/node/addon.cpp',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/index.d.ts.map',
      'dist/tfjs/index.js',
      'dist/tfjs/index.d.ts',
      'dist/cli/main.js',
      'src/index.ts',
      'vendor/node-addon-api/napi.h',
      'vendor/node-addon-api/napi-inl.h',
      'vendor/node-addon-api/LICENSE.md',
    ]) {
      expect(has(file), file).toBe(true);
    }
    for (const source of readFileSync(path.join(root, 'native/sources.txt'), 'utf8').trim().split('\n')) {
      expect(has(source), source).toBe(true);
    }
  });

  it('holds nothing else', () => {
    for (const prefix of [
      'test/',
      'bench/',
      'examples/',
      'support/',
      'packages/',
      'engines/',
      'build/',
      'out/',
      '.ci/',
      '.cache/',
      'node_modules/',
    ]) {
      expect(hasUnder(prefix), prefix).toBe(false);
    }
    expect(packed.files.filter((file) => /\.(node|o|tgz)$|\.test\./.test(file.path))).toEqual([]);
    expect(packed.size).toBeLessThan(1e6);
  });
});

describe('installed in an empty project', () => {
  it('was compiled there, with node-gyp-build as the one dependency', () => {
    expect(existsSync(path.join(installed, 'build/Release/genmi.node'))).toBe(true);
    expect(
      readdirSync(path.join(project, 'node_modules'))
        .filter((name) => !name.startsWith('.'))
        .sort(),
    ).toEqual(['genmi', 'node-gyp-build']);
  });

  it('is imported, and computes', async () => {
    const output = await node(
      '--input-type=module',
      '--eval',
      `import { Affinity, info, mmd } from 'genmi';
       import { geminiLoss } from 'genmi/tfjs';
       const affinity = Affinity.kernel([[0], [3]], { kernel: 'linear' });
       const { value, gradient } = mmd({ mode: 'ova', affinity }).valueAndGrad([[0.9, 0.1], [0.1, 0.9]]);
       console.log(JSON.stringify({ value, shape: gradient.shape, loss: typeof geminiLoss, binary: info().binary, version: info().version }));`,
    );
    const { value, ...rest } = JSON.parse(output);
    expect(value).toBeCloseTo(1.2, 14); // 3 / 2 times 0.8
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    expect(rest).toEqual({
      shape: [2, 2],
      loss: 'function',
      binary: path.join(installed, 'build/Release/genmi.node'),
      version,
    });
  });

  it('is required, and is the same module', async () => {
    const output = await node(
      '--no-warnings',
      '--input-type=module',
      '--eval',
      `import { createRequire } from 'node:module';
       import * as imported from 'genmi';
       const require = createRequire(process.cwd() + '/program.js');
       console.log(require('genmi').kl === imported.kl, typeof require('genmi/tfjs').rowIndices);`,
    );
    expect(output).toBe('true function\n');
  });

  it('is required by CommonJS', async () => {
    writeFileSync(
      path.join(project, 'old.cjs'),
      "console.log(require('genmi').tv({ mode: 'ovo' }).value([[1, 0], [0, 1]]).toFixed(6));",
    );
    expect(await node('--no-warnings', 'old.cjs')).toBe('0.500000\n');
  });

  it('tells of itself on the command line', async () => {
    const output = await node(path.join('node_modules', '.bin', 'genmi'), 'info');
    expect(output).toContain(path.join(installed, 'build/Release/genmi.node'));
  });

  const program = `import { Affinity, type Objective, wasserstein } from 'genmi';
    import { type GeminiLoss, type TensorFlow } from 'genmi/tfjs';
    const affinity: Affinity = Affinity.distance([[1], [2]], { metric: 'euclidean' });
    const objective: Objective = wasserstein({ mode: 'ovo', affinity });
    const { value, gradient } = objective.valueAndGrad([[0.4, 0.6], [0.5, 0.5]], { from: 'probabilities' });
    export const sum: number = value + (gradient.data[0] ?? 0);
    export type Loss = [GeminiLoss, TensorFlow];
    // @ts-expect-error: no such mode
    wasserstein({ mode: 'both', affinity });`;

  async function typeCheck(source: string, options: object) {
    const strict = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', strict: true, noEmit: true };
    const config = { compilerOptions: { ...strict, ...options }, files: ['program.ts'] };
    writeFileSync(path.join(project, 'program.ts'), source);
    writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify(config));
    const manifest = path.join(root, 'node_modules/typescript/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } };
    await node(path.join(path.dirname(manifest), bin.tsc), '-p', 'tsconfig.json');
  }

  it('has types, and they tell of mistakes', async () => {
    const types = { types: ['node'], typeRoots: [path.join(root, 'node_modules/@types')] };
    await typeCheck(program, { ...types, lib: ['es2022'], skipLibCheck: true });
    // Without TensorFlow.js, nothing of it is needed either.
    const withoutTfjs = program.replace(/^.*genmi\/tfjs.*$/m, '').replace(/^.*export type Loss.*$/m, '');
    await typeCheck(withoutTfjs, { ...types, lib: ['es2022'] });
  });

  it('has types that need no others, not even those of Node', async () => {
    const withoutTfjs = program.replace(/^.*genmi\/tfjs.*$/m, '').replace(/^.*export type Loss.*$/m, '');
    await typeCheck(withoutTfjs, { types: [] });
  });

  it('says what is wrong when the addon is missing, and what helps', async () => {
    const broken = path.join(folder, 'broken');
    mkdirSync(broken);
    cpSync(path.join(project, 'node_modules'), path.join(broken, 'node_modules'), { recursive: true });
    rmSync(path.join(broken, 'node_modules/genmi/build'), { recursive: true });
    const { code, stderr } = await executeOutside(
      process.execPath,
      ['--input-type=module', '--eval', "import 'genmi'"],
      broken,
    );
    expect(code).toBe(1);
    for (const part of [
      'ERR_NATIVE_NOT_FOUND',
      'genmi could not load its native addon',
      path.join(broken, 'node_modules/genmi/build/Release'),
      'npm rebuild genmi --ignore-scripts=false',
      'npm explore genmi -- npm run install',
    ]) {
      expect(stderr).toContain(part);
    }
  });
});

describe('its exports', () => {
  it(
    'pass publint and are-the-types-wrong',
    async () => {
      const bin = (name: string) => path.join(root, 'node_modules/.bin', name);
      const tarball = path.join(folder, packed.filename);
      await succeedOutside(bin('publint'), ['--strict', tarball], folder);
      await succeedOutside(bin('attw'), [tarball, '--profile', 'esm-only'], folder);
    },
    2 * minutes,
  );
});
