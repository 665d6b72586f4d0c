/** The command `genmi`, as users run it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Affinity, fDivergenceNames } from '../src/index.js';
import { root } from './support/dist.js';
import { geometryObjectives } from './support/objectives.js';
import { execute } from './support/processes.js';

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cli = path.join(root, 'dist/cli/main.js');

const genmi = (...args: string[]) => execute(process.execPath, [cli, ...args]);

async function bench(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await genmi('bench', '--seconds', '0.001', ...args);
  expect(code, stderr).toBe(0);
  expect(stderr, 'no progress where nobody looks').toBe('');
  return stdout;
}

/** The cells of the table, without machine, duration and head. */
const cells = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .slice(4)
    .map((line) => line.split(/ {2,}/));

const points = [[0], [1]];
const withAffinity = geometryObjectives(
  'ova',
  Affinity.kernel(points, { kernel: 'linear' }),
  Affinity.distance(points, { metric: 'euclidean' }),
);
const all = [...fDivergenceNames, 'chi2', 'alpha', ...withAffinity.map(({ name }) => name.replace('_ova', ''))];

it('is no part of the library', () => {
  const source = path.join(root, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const importsCli = (file: string) => /from '[./]+\/cli\//.test(readFileSync(path.join(source, file), 'utf8'));
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !file.startsWith('cli/') && importsCli(file))).toEqual([]);
});

describe('genmi', () => {
  it.each([[['--help']], [['-h']], [['bench', '-h']], [['bench', '--n', 'x', '--help']], [[]]])(
    '%j tells its commands and options',
    async (args) => {
      const { code, stdout } = await genmi(...args);
      expect(code).toBe(0);
      for (const word of ['info', 'bench', '--objectives', '--batch', '--k', '--json', '--html'])
        expect(stdout).toContain(word);
    },
  );

  it.each([
    [['nonsense'], "expected 'info', 'build' or 'bench', received 'nonsense'"],
    [['bench', '--n', '10,many'], "--n: expected positive integers such as 256,1000, received '10,many'"],
    [['bench', '--batch', '0'], "--batch: expected positive integers such as 256,1000, received '0'"],
    [['bench', '--n', '100', '--batch', '10,500'], '--batch: expected at most the 100 samples of --n, received 500'],
    [['bench', '--k', ''], "--k: expected positive integers such as 256,1000, received ''"],
    [['bench', '--seconds', 'long'], "--seconds: expected a number > 0, received 'long'"],
    [['bench', '--objectives', 'kl,nonsense'], '--objectives: expected any of kl, reverse-kl, tv,'],
    [['bench', '--seconds', 'Infinity'], "--seconds: expected a number > 0, received 'Infinity'"],
    [['bench', '--nonsense'], "Unknown option '--nonsense'"],
    [['bench', 'kl'], "Unexpected argument 'kl'"],
    [['info', 'bench'], "Unexpected argument 'bench'"],
    [['info', '--json', 'x'], "Unknown option '--json'"],
    [
      ['bench', '--json', '/no/such/folder/x'],
      "--json: expected a file that can be written, received '/no/such/folder/x'",
    ],
    [['bench', '--html', '.'], "--html: expected a file that can be written, received '.'"],
    [['bench', '--html'], "Option '--html <value>' argument missing"],
  ])('%j is refused, with the usage', async (args, message) => {
    const { code, stdout, stderr } = await genmi(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: genmi <command>');
  });
});

describe('genmi bench', () => {
  it('measures whole data sets, and mini-batches of them', async () => {
    const whole = cells(await bench('--objectives', 'kl', '--n', '20,30', '--k', '2'));
    expect(whole.map((line) => line.slice(0, 4))).toEqual([
      ['kl', '20', '20', '2'],
      ['kl', '30', '30', '2'],
    ]);
    const batches = cells(await bench('--objectives', 'mmd', '--n', '30', '--batch', '10,20', '--k', '2'));
    expect(batches.map((line) => line.slice(0, 4))).toEqual([
      ['mmd', '30', '10', '2'],
      ['mmd', '30', '20', '2'],
    ]);
    const alone = cells(await bench('--objectives', 'kl', '--batch', '10', '--k', '2'));
    expect(alone.map((line) => line.slice(0, 4))).toEqual([['kl', '10', '10', '2']]);
  });

  it('writes its figures with the machine and the date', async () => {
    const file = path.join(folder, 'figures.json');
    await bench('--objectives', 'tv,mmd', '--n', '20', '--k', '2,3', '--json', file);
    const { machine, date, figures } = JSON.parse(readFileSync(file, 'utf8'));
    expect(machine).toMatch(/core.*genmi \d.*node \d/);
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(figures.map(({ objective, k }: { objective: string; k: number }) => [objective, k])).toEqual([
      ['tv', 2],
      ['tv', 3],
      ['mmd', 2],
      ['mmd', 3],
    ]);
    for (const { ova, ovo } of figures) for (const seconds of [ova, ovo]) expect(seconds).toBeGreaterThan(0);
  });

  it('measures every objective that has both modes, once', async () => {
    const measured = cells(await bench('--n', '12', '--k', '3'));
    expect(measured.map(([objective]) => objective)).toEqual(all);
    const twice = cells(await bench('--objectives', 'alpha,alpha', '--n', '12,12', '--k', '3,3'));
    expect(twice).toHaveLength(1);
  });

  it('says how long it will take', async () => {
    const [, duration] = (await bench('--objectives', 'tv,kl', '--n', '10,20', '--k', '2,3,5')).split('\n');
    expect(duration).toBe('12 rows, about 24 ms; more where a call takes longer than 1 ms');
  });

  it('leaves out what does not fit, and goes on', async () => {
    const what = ['--objectives', 'mmd,wasserstein', '--n', '20,1000000', '--batch', '10', '--k', '2'];
    const { code, stdout, stderr } = await genmi('bench', '--seconds', '0.001', ...what);
    expect(cells(stdout).map((line) => line.slice(0, 2))).toEqual([
      ['mmd', '20'],
      ['wasserstein', '20'],
    ]);
    expect(stderr).toMatch(/^genmi: mmd N=1000000: .*4\.00 TB.*\ngenmi: wasserstein N=1000000: .*4\.00 TB.*\n$/);
    expect(code).toBe(1);
  });

  it.runIf(existsSync('/dev/full'))('writes the one file when the other cannot be written', async () => {
    const file = path.join(folder, 'other.html');
    const files = ['--json', '/dev/full', '--html', file];
    const { code, stdout, stderr } = await genmi(
      'bench',
      '--seconds',
      '0.001',
      '--objectives',
      'kl',
      '--k',
      '2,3',
      '--n',
      '9',
      ...files,
    );
    expect(cells(stdout)).toHaveLength(2);
    expect(readFileSync(file, 'utf8').match(/<td>kl<\/td>/g)).toHaveLength(2);
    expect(stderr).toMatch(/^genmi: ENOSPC.*\n$/);
    expect(code).toBe(1);
  });

  it('has written what it has measured when it is interrupted', async () => {
    const file = path.join(folder, 'interrupted.json');
    const args = ['bench', '--objectives', 'kl,tv', '--n', '20', '--k', '2', '--seconds', '0.5', '--json', file];
    const running = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    for await (const chunk of running.stdout.setEncoding('utf8')) {
      stdout += chunk;
      if (cells(stdout).length > 0) running.kill('SIGINT');
    }
    if (running.exitCode === null && running.signalCode === null) await once(running, 'exit');
    expect(running.signalCode).toBe('SIGINT');
    const { figures } = JSON.parse(readFileSync(file, 'utf8'));
    expect(figures).toMatchObject([{ objective: 'kl', n: 20, k: 2 }]);
  });
});

describe('the page of genmi bench', () => {
  const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

  it('has one curve for every objective, mode and batch, a dot and a line of the table for every figure', async () => {
    const file = path.join(folder, 'all.html');
    await bench('--batch', '8,12', '--k', '2,3,5', '--html', file);
    const page = readFileSync(file, 'utf8');
    const [legend, ...charts] = page.split('<div class="charts">');
    expect(charts).toHaveLength(2);
    const styles = all.map((objective) => {
      const [item, style] =
        new RegExp(`<li><svg[^>]*><g class="curve" style="([^"]*)">(?:(?!</li>).)*</svg>${objective}</li>`).exec(
          legend as string,
        ) ?? [];
      expect(item, `${objective} in the legend`).toBeDefined();
      for (const panels of charts) {
        expect(count(panels, new RegExp(`<g class="curve" style="${style}">`, 'g'))).toBe(2);
        expect(count(panels, new RegExp(`<title>${objective}, `, 'g'))).toBe(6);
      }
      expect(count(page, new RegExp(`<td>${objective}</td>`, 'g'))).toBe(6);
      return style;
    });
    expect(new Set(styles).size, 'a style each').toBe(all.length);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('is well formed and loads nothing from elsewhere', async () => {
    const file = path.join(folder, 'one.html');
    // One number of clusters: axes of a single value.
    await bench('--objectives', 'kl', '--n', '10', '--k', '3', '--html', file);
    const page = readFileSync(file, 'utf8');
    expect(count(page, /text-anchor="middle"[^>]*>3<\/text>/g), 'the tick of either chart').toBe(2);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|(?:src|href)\s*=|https?:/i);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    const open: string[] = [];
    for (const [, end, name, selfClosing] of page.matchAll(/<(\/?)([a-z]\w*)\b[^>]*?(\/?)>/g)) {
      if (end) expect(open.pop()).toBe(name);
      else if (!selfClosing && name !== 'meta') open.push(name as string);
    }
    expect(open).toEqual([]);
  });

  it('draws batches of 10 and 500 where nothing else is asked for', async () => {
    const file = path.join(folder, 'default.html');
    await bench('--objectives', 'kl', '--html', file);
    const page = readFileSync(file, 'utf8');
    expect([...page.matchAll(/<h2>(Batches.*?)<\/h2>/g)].map(([, title]) => title)).toEqual([
      'Batches of 10 samples',
      'Batches of 500 samples',
    ]);
  });
});
