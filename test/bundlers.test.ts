/** Bundles and test runners: each way that the documents name works, and each way that cannot work says what helps. */
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { info } from '../src/index.js';
import { libcOf } from '../src/libc.js';
import { root } from './support/dist.js';
import { executeOutside, succeedOutside } from './support/processes.js';

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-bundlers-'));
/** A user's project, with genmi installed: beside the bundlers' packages, which are linked into it file by file. */
mkdirSync(path.join(root, 'out'), { recursive: true });
const project = mkdtempSync(path.join(root, 'out/bundlers-'));
/** A place without node_modules, where a bundle is put to use. */
const elsewhere = path.join(folder, 'elsewhere');
const musl = process.platform === 'linux' && libcOf(process.execPath) === 'musl' ? '-musl' : '';
const binary = `genmi/binary/${process.platform}-${process.arch}${musl}`;

const PROGRAM = `import { emd, tv } from 'genmi';
console.log(tv({ mode: 'ovo' }).value([[0.75, 0.25], [0.25, 0.75]]), emd([1], [1], [[3]]).cost);
`;

const written = (name: string, text: string): string => {
  const file = path.join(project, name);
  writeFileSync(file, text);
  return file;
};

beforeAll(async () => {
  const { install } = (await import(path.join(root, 'scripts/tools.mjs'))) as {
    install(name: string): Promise<string>;
  };
  const modules = await install('engines/bundlers');
  const installed = path.join(project, 'node_modules/genmi');
  mkdirSync(installed, { recursive: true });
  mkdirSync(elsewhere);
  for (const part of ['package.json', 'dist'])
    cpSync(path.join(root, part), path.join(installed, part), { recursive: true });
  const { exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const prebuilt = path.join(installed, exports[binary.replace('genmi', '.')] as string);
  mkdirSync(path.dirname(prebuilt), { recursive: true });
  cpSync(info().binary, prebuilt);
  linkFiles(modules, path.join(project, 'node_modules'));
  symlinkSync(path.join(root, 'node_modules/vitest'), path.join(project, 'node_modules/vitest'));
  written('package.json', '{ "type": "module", "private": true }');
  written('main.js', PROGRAM);
}, 300_000);

afterAll(() => {
  for (const each of [folder, project]) rmSync(each, { recursive: true });
});

/** Next.js reads no package through a link to its folder. */
function linkFiles(from: string, to: string) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) linkFiles(source, target);
    else if (entry.isFile()) linkSync(source, target);
  }
}

/** The programs of docs/bundlers.md, by their headings; each writes out/bundle.mjs, with genmi outside. */
const page = readFileSync(path.join(root, 'docs/bundlers.md'), 'utf8');
const programs = Object.fromEntries(
  [...page.matchAll(/^## (\S+)$[\s\S]*?^```js\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [name, text as string]),
);

/** What each program is told to take genmi into the bundle. */
const inside: Record<string, readonly [string, string]> = {
  esbuild: ["external: ['genmi']", 'external: []'],
  'esbuild, CommonJS': ["external: ['genmi']", "external: [], format: 'cjs', logLevel: 'error'"],
  rollup: ["external: ['genmi', /^node:/]", 'external: [/^node:/]'],
  vite: ['build({', "build({ ssr: { noExternal: ['genmi'] },"],
  webpack: ["externals: ['genmi']", 'externals: []'],
};

async function bundle(name: string, program: string): Promise<string> {
  rmSync(path.join(project, 'out'), { recursive: true, force: true });
  await succeedOutside(process.execPath, [written('bundler.mjs', program)], project);
  const extension = program.includes("format: 'cjs'") ? 'cjs' : 'mjs';
  const file = path.join(elsewhere, `${name.replace(/\W+/g, '-')}.${extension}`);
  cpSync(path.join(project, 'out/bundle.mjs'), file);
  return file;
}

describe('docs/bundlers.md', () => {
  it('has a program for each bundler', () => {
    expect(Object.keys(programs)).toEqual(['esbuild', 'rollup', 'vite', 'webpack', 'Next.js']);
  });
});

describe.each(Object.entries(inside))('a bundle of %s', { timeout: 120_000 }, (name, [outside, taken]) => {
  const program = programs[name.split(',')[0] as string] as string;

  it('runs with genmi as external', async () => {
    await bundle(name, program);
    expect(await succeedOutside(process.execPath, [path.join(project, 'out/bundle.mjs')], project)).toBe('0.25 3\n');
  });

  it('that contains genmi says to mark it as external, and runs with the binary beside it', async () => {
    expect(program).toContain(outside);
    const file = await bundle(name, program.replace(outside, taken));
    const addon = path.join(elsewhere, 'genmi.node');
    rmSync(addon, { force: true });
    const { code, stderr } = await executeOutside(process.execPath, [file], elsewhere);
    expect(code).toBe(1);
    expect(stderr).toContain('Mark genmi as external in the bundler');
    expect(stderr).toContain(`copy the file of ${binary} beside the bundle as genmi.node`);
    cpSync(createRequire(path.join(project, 'main.js')).resolve(binary), addon);
    expect(await succeedOutside(process.execPath, [file], elsewhere)).toBe('0.25 3\n');
  });
});

it('Next.js renders a page with genmi', { timeout: 120_000 }, async () => {
  mkdirSync(path.join(project, 'app'));
  written('next.config.mjs', programs['Next.js'] as string);
  written('app/layout.js', 'export default ({ children }) => <html><body>{children}</body></html>;');
  written(
    'app/page.js',
    "import { emd } from 'genmi';\nexport default () => <p>{'cost ' + emd([1], [1], [[3]]).cost}</p>;",
  );
  const next = path.join(project, 'node_modules/next/dist/bin/next');
  await succeedOutside(process.execPath, [next, 'build'], project);
  expect(readFileSync(path.join(project, '.next/server/app/index.html'), 'utf8')).toContain('<p>cost 3</p>');
});

describe('a test runner', { timeout: 120_000 }, () => {
  const test = (imports: string) => `${imports}
    import { ari, emd, kl } from 'genmi';
    test('genmi takes its own results', () => {
      const { gradient } = kl({ mode: 'ova' }).valueAndGrad(new Array(3).fill([0.25, 0.75]));
      kl({ mode: 'ova' }).value(gradient, { from: 'logits' });
      expect(emd(Float64Array.of(1), [1], [[3]]).cost).toBe(3);
      expect(ari([0, 1], [1, 0])).toBe(1);
    });`;

  it.each(['threads', 'forks', 'vmThreads', 'vmForks'])('vitest with the pool %s', async (pool) => {
    written('vitest.config.mjs', 'export default {};'); // else that of this repository is found
    written('some.test.mjs', test("import { expect, test } from 'vitest';"));
    const vitest = path.join(project, 'node_modules/vitest/vitest.mjs');
    await succeedOutside(process.execPath, [vitest, 'run', '--root', project, '--pool', pool], project);
  });

  it('jest with ES modules', async () => {
    written('some.test.mjs', test(''));
    written('jest.config.json', '{ "testMatch": ["**/*.test.mjs"], "transform": {}, "rootDir": "." }');
    const jest = path.join(project, 'node_modules/jest/bin/jest.js');
    await succeedOutside(process.execPath, ['--experimental-vm-modules', jest, '--ci'], project);
  });
});
