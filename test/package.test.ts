/** The tarball, installed elsewhere without scripts: its contents, imported, required, typed. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../src/version.js';
import { root } from './support/dist.js';
import { succeedOutside } from './support/processes.js';
import { type Packed, pack, prebuilt } from './support/tarball.js';

const minutes = 60_000;
const folder = mkdtempSync(path.join(tmpdir(), 'genmi-package-'));
const project = path.join(folder, 'project');
const installed = path.join(project, 'node_modules', 'genmi');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

const node = (...args: string[]) => succeedOutside(process.execPath, args, project);

let packed: Packed;

beforeAll(async () => {
  packed = await pack(folder);
  mkdirSync(project);
  writeFileSync(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'elsewhere', private: true, type: 'module' }),
  );
  const flags = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await succeedOutside('npm', ['install', ...flags, packed.file], project);
}, 5 * minutes);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files of a folder of the repository that match. */
const filesIn = (room: string, pattern: RegExp): string[] =>
  readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(room, file))
    .filter((file) => pattern.test(file));

describe('the tarball', () => {
  it('holds these files and no others', () => {
    const sources = filesIn('src', /\.ts$/);
    const built = sources.flatMap((source) => {
      const name = source.replace(/^src/, 'dist').replace(/\.ts$/, '');
      return ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((extension) => name + extension);
    });
    const binaries = Object.entries(manifest.exports as Record<string, string>)
      .filter(([name]) => name.startsWith('./binary/'))
      .map(([, file]) => file.slice(2));
    const expected = [
      ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
      ...[...sources, ...built],
      ...filesIn('native', /\.(cpp|h|inl|txt|md)$/).filter((file) => !file.startsWith('native/cuda/')),
      ...['napi.h', 'napi-inl.h', 'napi-inl.deprecated.h', 'LICENSE.md'].map((file) => `vendor/node-addon-api/${file}`),
      ...['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h', 'LICENSE'].map(
        (file) => `vendor/node-api-headers/${file}`,
      ),
    ];
    expect(packed.files.filter((file) => !binaries.includes(file))).toEqual(expected.sort());
    expect(packed.files).toContain(prebuilt);
    expect(packed.size).toBeLessThan(9e6);
  });

  it('has no script, depends on nothing, and says nothing of the clone', () => {
    const published = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
    // Yarn 1 warns of `workspaces`; npm, pnpm, bun and deno act on scripts that install.
    const { workspaces, devDependencies, scripts, allowScripts, ...expected } = manifest;
    expect(published).toEqual(expected);
    expect(published.gypfile).toBe(false);
    expect(published).not.toHaveProperty('dependencies');
    expect(published.engines).toEqual({ node: '^20.19.0 || >=22.12.0' }); // which can require() ES modules
    expect(readFileSync(path.join(folder, 'source/package.json'), 'utf8'), 'the clone has its own again').toBe(
      readFileSync(path.join(root, 'package.json'), 'utf8'),
    );
  });

  it('has one address and one version, wherever they are written', () => {
    const address = manifest.repository.url.replace(/^git\+(.*)\.git$/, '$1');
    expect(address).toMatch(/^https:\/\/github\.com\/[\w-]+\/genmi$/);
    expect(manifest.homepage).toBe(`${address}#readme`);
    expect(manifest.bugs.url).toBe(`${address}/issues`);
    expect(version).toBe(manifest.version);
  });
});

describe('a clone', () => {
  it('decides on each install script of its dependencies, so that npm 12 warns of none', () => {
    const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const withScripts = Object.entries(packages).filter(
      ([file, { hasInstallScript }]) => file !== '' && hasInstallScript,
    );
    const names = withScripts.map(([file]) => file.replace(/^.*node_modules\//, ''));
    expect(Object.keys(manifest.allowScripts)).toEqual(names);
  });
});

describe('installed in an empty project', () => {
  it('is alone', () => {
    expect(readdirSync(path.join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['genmi']);
  });

  it('is imported, and computes', async () => {
    const output = await node(
      '--input-type=module',
      '--eval',
      `import { Affinity, info, mmd } from 'genmi';
       import { alphaJs } from 'genmi/mixtures';
       import { Network } from 'genmi/networks';
       import { geminiLoss } from 'genmi/tfjs';
       import { affine } from 'genmi/perturbations';
       const affinity = Affinity.kernel([[0], [3]], { kernel: 'linear' });
       const { value, gradient } = mmd({ mode: 'ova', affinity }).valueAndGrad([[0.9, 0.1], [0.1, 0.9]]);
       console.log(JSON.stringify({ value, shape: gradient.shape, loss: typeof geminiLoss, kl: alphaJs().value({ mean: [0], variance: [1] }, { mean: [2], variance: [1] }), logits: Network.linear({ inputs: 1, outputs: 2 }).logits([[1]]).shape, copy: affine({ data: Uint8Array.of(7), shape: [1, 1, 1] }, {}).data[0], binary: info().binary, version: info().version }));`,
    );
    const { value, ...rest } = JSON.parse(output);
    expect(value).toBeCloseTo(1.2, 14); // 3 / 2 times 0.8
    expect(rest).toEqual({
      shape: [2, 2],
      loss: 'function',
      kl: 0.5,
      logits: [1, 2],
      copy: 7,
      binary: path.join(installed, prebuilt),
      version,
    });
  });

  it('gives the file of each binary by an import', async () => {
    const output = await node(
      '--input-type=module',
      '--eval',
      `console.log(import.meta.resolve('genmi/binary/${process.platform}-${process.arch}'))`,
    );
    expect(output.trim()).toBe(new URL(prebuilt, `file://${installed}/`).href);
  });

  it('is required, and is the same module', async () => {
    const output = await node(
      '--no-warnings',
      '--input-type=module',
      '--eval',
      `import { createRequire } from 'node:module';
       import * as imported from 'genmi';
       const require = createRequire(process.cwd() + '/program.js');
       console.log(require('genmi').kl === imported.kl, typeof require('genmi/tfjs').rowIndices, typeof require('genmi/networks').train, typeof require('genmi/mixtures').alphaJs, typeof require('genmi/perturbations').affine);`,
    );
    expect(output).toBe('true function function function function\n');
  });

  it('is required by CommonJS', async () => {
    writeFileSync(
      path.join(project, 'old.cjs'),
      "console.log(require('genmi').tv({ mode: 'ovo' }).value([[1, 0], [0, 1]]).toFixed(6));",
    );
    expect(await node('--no-warnings', 'old.cjs')).toBe('0.500000\n');
  });

  it('tells of itself on the command line', async () => {
    const genmi = path.join('node_modules', '.bin', 'genmi');
    expect(await node(genmi, 'info')).toContain(path.join(installed, prebuilt));
    expect(await node(genmi, '--version')).toBe(`${version}\n`);
  });

  const program = `import { Affinity, type Matrix, type Objective, wasserstein } from 'genmi';
    import { alphaJs, type GaussianDivergence } from 'genmi/mixtures';
    import { type GeminiLoss, type TensorFlow } from 'genmi/tfjs';
    import { adam, Network, type Run, train } from 'genmi/networks';
    import { affine, type FloatImages } from 'genmi/perturbations';
    const affinity: Affinity = Affinity.distance([[1], [2]], { metric: 'euclidean' });
    const objective: Objective = wasserstein({ mode: 'ovo', affinity });
    const { value, gradient } = objective.valueAndGrad([[0.4, 0.6], [0.5, 0.5]], { from: 'probabilities' });
    export const sum: number = value + (gradient.data[0] ?? 0);
    export type Loss = [GeminiLoss, TensorFlow];
    const divergence: GaussianDivergence = alphaJs({ alpha: 0.65 });
    const { gradients } = divergence.valueAndGrad({ mean: [0], logVariance: Float32Array.of(0) }, { mean: [[1]], variance: [[1]] });
    export const slopes: [Float64Array, Float32Array, Matrix<Float64Array>] = [gradients[0].mean, gradients[0].logVariance, gradients[1].variance];
    const network = Network.dense({ inputs: 1, layers: [{ width: 2, activation: 'tanh' }], outputs: 2 });
    export const run: Promise<Run> = train(network, { data: [[1], [2]], objective, epochs: 1, optimizer: adam() });
    export const copies: FloatImages = affine({ data: new Float32Array(4), shape: [1, 2, 2] }, { rotation: [5, 9] });
    export const byInput: Float32Array | Float64Array = network.backward([[1, 2], [3, 4]], { input: true }).data;
    // @ts-expect-error: no such activation
    Network.dense({ inputs: 1, layers: [{ width: 2, activation: 'sine' }], outputs: 2 });
    // @ts-expect-error: no such mode
    wasserstein({ mode: 'both', affinity });`;

  async function typeCheck(source: string, options: object, compiler = path.join(root, 'node_modules/typescript')) {
    const strict = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', strict: true, noEmit: true };
    const config = { compilerOptions: { ...strict, ...options }, files: ['program.ts'] };
    writeFileSync(path.join(project, 'program.ts'), source);
    writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify(config));
    const { bin } = JSON.parse(readFileSync(path.join(compiler, 'package.json'), 'utf8')) as { bin: { tsc: string } };
    await node(path.join(compiler, bin.tsc), '-p', 'tsconfig.json');
  }

  it('has types, and they tell of mistakes', async () => {
    const types = { types: ['node'], typeRoots: [path.join(root, 'node_modules/@types')] };
    await typeCheck(program, { ...types, lib: ['es2022'], skipLibCheck: true });
    // Without TensorFlow.js, nothing of it is needed either.
    await typeCheck(withoutTfjs, { ...types, lib: ['es2022'] });
  });

  const withoutTfjs = program.replace(/^.*genmi\/tfjs.*$/m, '').replace(/^.*export type Loss.*$/m, '');

  it('has types that need no others, not even those of Node', async () => {
    await typeCheck(withoutTfjs, { types: [] });
  });

  it(
    'has types for TypeScript 5.5 and later, with each way to resolve modules',
    async () => {
      const { install } = await import(path.join(root, 'scripts/tools.mjs'));
      const modules: string = await install('engines/compilers');
      const compilers = readdirSync(modules).filter((name) => name.startsWith('typescript-'));
      expect(compilers).toHaveLength(3);
      for (const compiler of [...compilers.map((name) => path.join(modules, name)), undefined])
        for (const [module, moduleResolution] of Object.entries({
          node16: 'node16',
          nodenext: 'nodenext',
          esnext: 'bundler',
        }))
          await typeCheck(withoutTfjs, { types: [], module, moduleResolution }, compiler);
    },
    5 * minutes,
  );
});

describe('its exports', () => {
  it(
    'pass publint and are-the-types-wrong',
    async () => {
      const bin = (name: string) => path.join(root, 'node_modules/.bin', name);
      // Each binary in a place of its own: a clone has those of this machine alone, and publint asks for all.
      const complete = path.join(folder, 'complete');
      cpSync(installed, complete, { recursive: true });
      const binaries = Object.keys(manifest.exports).filter((name) => name.startsWith('./binary/'));
      for (const name of binaries) {
        mkdirSync(path.dirname(path.join(complete, manifest.exports[name])), { recursive: true });
        cpSync(path.join(installed, prebuilt), path.join(complete, manifest.exports[name]));
      }
      await succeedOutside(bin('publint'), ['--strict', complete], folder);
      await succeedOutside(
        bin('attw'),
        [packed.file, '--profile', 'esm-only', '--exclude-entrypoints', ...binaries],
        folder,
      );
    },
    2 * minutes,
  );
});
