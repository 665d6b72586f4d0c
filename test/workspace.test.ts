/** The repository as an npm workspace: packages beside the root import genmi, which is the root itself. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/dist.js';
import { succeedOutside } from './support/processes.js';

const clone = mkdtempSync(path.join(tmpdir(), 'genmi-workspace-'));
const sibling = path.join(clone, 'packages', 'sibling');

beforeAll(async () => {
  // The files that npm reads in a clone, and the built ones: compiling them once more would show nothing.
  for (const name of ['package.json', 'package-lock.json', 'scripts', 'dist', 'build/Release/genmi.node'])
    cpSync(path.join(root, name), path.join(clone, name), { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  manifest.workspaces.push('packages/sibling');
  writeFileSync(path.join(clone, 'package.json'), JSON.stringify(manifest));
  mkdirSync(sibling, { recursive: true });
  writeFileSync(
    path.join(sibling, 'package.json'),
    JSON.stringify({
      ...{ name: 'genmi-sibling', version: '0.0.0', private: true, type: 'module' },
      dependencies: { genmi: '^0.1.0' },
    }),
  );
  await succeedOutside('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], clone);
}, 300_000);
afterAll(() => rmSync(clone, { recursive: true, force: true }));

const node = (program: string) => succeedOutside(process.execPath, ['--input-type=module', '--eval', program], sibling);

describe('a package of the workspace', () => {
  it('is linked', () => {
    expect(realpathSync(path.join(clone, 'node_modules/genmi-sibling'))).toBe(realpathSync(sibling));
  });

  it('imports the root as genmi, and not a copy from the registry', async () => {
    const output = await node(`
      import { info, tv } from 'genmi';
      import { geminiLoss } from 'genmi/tfjs';
      console.log(JSON.stringify([tv({ mode: 'ovo' }).value([[0.75, 0.25], [0.25, 0.75]]), typeof geminiLoss, info().binary]));`);
    const binary = path.join(realpathSync(clone), 'build/Release/genmi.node');
    expect(JSON.parse(output)).toEqual([0.25, 'function', binary]); // 2 * 1/2 * 1/2 * TV, which is 1/2
  });
});
