/** The commands of the README, and the outputs below them. They need `npm run build:cluster`. */
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { execute } from '../../../test/support/processes.js';
import { temporaryFiles } from './support/files.js';

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const write = temporaryFiles();
const blocks = [...readFileSync(at('../README.md'), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];

it('README shows what its commands print', async () => {
  const file = write('penguins.csv', '');
  copyFileSync(at('fixtures/data/penguins.csv'), file);
  const shells = blocks.filter(([, language]) => language === 'sh');
  expect(shells.length).toBeGreaterThan(1);
  for (const shell of shells) {
    const commands = (shell[2] as string).replaceAll(
      'npx genmi-cluster',
      `"${process.execPath}" "${at('../dist/cli/main.js')}"`,
    );
    const { code, stdout, stderr } = await execute('sh', ['-ec', commands], { cwd: path.dirname(file) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const withoutTimes = (text: string) => text.replaceAll(/\d+\.\d s$/gm, 'some s');
    expect(withoutTimes(stdout)).toBe(withoutTimes(blocks[blocks.indexOf(shell) + 1]?.[2] as string));
  }
});
