/** `genmi-cluster sweep`, run as a user runs it. It needs `npm run build:cluster`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { execute } from '../../../test/support/processes.js';
import { temporaryFiles } from './support/files.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const penguins = fileURLToPath(new URL('fixtures/data/penguins.csv', import.meta.url));
const write = temporaryFiles();
const folder = path.dirname(write('started', ''));
const run = (...args: string[]) => execute(process.execPath, [main, ...args], { cwd: folder });
const read = (name: string) => JSON.parse(readFileSync(path.join(folder, name), 'utf8'));

/** The results in a folder by their file's name, with the time of their writing. */
const storedIn = (name: string) =>
  new Map(
    readdirSync(path.join(folder, name))
      .filter((file) => /^[0-9a-f]{64}\.json$/.test(file))
      .map((file) => [file, statSync(path.join(folder, name, file)).mtimeMs]),
  );

interface Row {
  readonly key: string;
  readonly model: string;
  readonly seed: number;
  readonly status: string;
}

describe('genmi-cluster sweep', { concurrent: true }, () => {
  it('has the results of fit, and continues with those that are missing', async () => {
    write('penguins.csv', readFileSync(penguins));
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    write('a.yaml', /^## Sweeps$[\s\S]*?^```\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '');
    const first = await run('sweep', 'a.yaml', '--out', 'a', '--json');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const summary = JSON.parse(first.stdout);
    const fits: Row[] = summary.fits;
    expect(summary).toMatchObject({ done: 9, failed: 0, missing: 0, label: 'species' });
    expect(fits.map(({ model }) => model).sort()).toEqual(['kmeans', 'kmeans', 'mixture', ...Array(6).fill('mlp')]);
    expect(read('a/sweep.json')).toEqual(summary);
    expect(readFileSync(path.join(folder, 'a/sweep.csv'), 'utf8').trim().split('\n').length).toBe(10);

    const row = fits[0] as Row;
    const { seed, model } = row;
    expect(summary.command).toContain(`fit penguins.csv --clusters 3 --label species --model ${model} `);
    expect(summary.command).toContain(`--seed ${seed} --out run`);
    const command = summary.command.replace('npx genmi-cluster', `"${process.execPath}" "${main}"`);
    const fit = JSON.parse((await execute('sh', ['-c', `${command} --json`], { cwd: folder })).stdout);
    const { clusters, objective, silhouette, ari, accuracy } = fit;
    expect(row).toMatchObject({ value: objective.value, maximises: objective.name, silhouette, ari, accuracy });
    const { result } = read(`a/${row.key}.json`);
    expect(result).toMatchObject({ clusters, objective, certainty: fit.certainty });
    const labels = readFileSync(path.join(folder, 'run/labels.csv'), 'utf8').trim().split('\n').slice(1);
    expect(result.labels).toEqual(labels.map((line) => Number(line.split(',')[1])));

    const before = storedIn('a');
    const lost = [...before.keys()][2] as string;
    rmSync(path.join(folder, 'a', lost));
    const second = await run('sweep', 'a.yaml', '--out', 'a');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toMatch(/9 fits of penguins\.csv: 8 are stored, 1 to do\n1\/1 .*, \d clusters, [\d.]+ s\n/);
    expect(second.stdout).toMatch(/9 fits, ranked by their agreement with all others; 0 failed, 0 missing\n {2}1\. /);
    expect(second.stdout).toContain(`\nThe model and the page of the first one: ${summary.command}\n`);
    const after = storedIn('a');
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [file, time] of before) if (file !== lost) expect(after.get(file)).toBe(time);
    const seconds = (fits: Row[]) => fits.map((each) => ({ ...each, seconds: 0 }));
    expect(seconds(read('a/sweep.json').fits)).toEqual(seconds(summary.fits));
  });

  it('fits the parts of an array of tasks, and collects them', async () => {
    write('b.csv', `x,y\n${Array.from({ length: 30 }, (_, i) => `${i % 3}.${i},${(i % 3) ** 2}.5`).join('\n')}\n`);
    write(
      'b.json',
      JSON.stringify({
        data: 'b.csv',
        models: ['kmeans'],
        clusters: [2, 3],
        seeds: [0, 1, 2],
        fits: [{ model: 'kauri', clusters: 99 }],
      }),
    );
    const task = (i: number) =>
      run('sweep', 'b.json', '--out', 'b', '--task-index', `${i}`, '--task-count', '2', '--json');
    const collect = async () => JSON.parse((await run('sweep', 'b.json', '--out', 'b', '--collect', '--json')).stdout);
    const first = await task(0);
    expect(JSON.parse(first.stdout).task).toMatchObject({ index: 0, count: 2 });
    expect(storedIn('b').size).toBe(4);
    expect(existsSync(path.join(folder, 'b/sweep.json'))).toBe(false);
    expect(await collect()).toMatchObject({ missing: 3 });
    const second = await task(1);
    expect(storedIn('b').size).toBe(7);
    expect([first.code, second.code].sort()).toEqual([0, 1]); // one of them has the fit with too many clusters
    const whole = await collect();
    expect(whole).toMatchObject({ done: 6, failed: 1, missing: 0 });
    expect(whole.fits.at(-1)).toMatchObject({
      rank: null,
      status: 'failed',
      error: expect.stringMatching(/at most the 30 rows/),
    });
    expect(read(`b/${whole.fits.at(-1).key}.json`)).toMatchObject({ attempts: 3, fit: { model: 'kauri' } });
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('keeps what it has at %s', async (signal) => {
    const data = JSON.stringify(penguins);
    write(
      `${signal}.yaml`,
      `data: ${data}\nmodels: [douglas]\nclusters: [3]\nepochs: [10]\nseeds: [0, 1, 2, 3, 4, 5]\n`,
    );
    const args = ['sweep', `${signal}.yaml`, '--out', signal];
    const child = spawn(process.execPath, [main, ...args, '--workers', '2'], { cwd: folder });
    const ended = once(child, 'exit');
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    for await (const line of createInterface(child.stdout)) if (/^2\/6 /.test(line)) child.kill(signal);
    const [code] = await ended;
    expect(code).toBe(signal === 'SIGINT' ? 1 : null);
    if (signal === 'SIGINT') expect(stderr).toMatch(/interrupted: \d of 6 fits are stored; the same command continues/);
    const before = storedIn(signal);
    expect(before.size).toBeGreaterThanOrEqual(2);
    expect(before.size).toBeLessThan(6);
    for (const file of before.keys()) expect(read(`${signal}/${file}`).result.labels.length).toBe(333);
    const { stdout } = await run(...args, '--collect', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ done: before.size, missing: 6 - before.size });
  });
});

describe('genmi-cluster sweep, given what it cannot use', { concurrent: true }, () => {
  write('ragged.csv', 'x,y\n1,2\n3\n');
  write('syntax.yaml', 'data: ragged.csv\nmodels: [kmeans\nseeds: [0]\n');
  write('no-data.yaml', 'data: none.csv\nmodels: [kmeans]\n');
  write('ragged.yaml', 'data: ragged.csv\nmodels: [kmeans]\nclusters: [1]\n');
  write('label.yaml', `data: ${JSON.stringify(penguins)}\nlabel: kind\nmodels: [kmeans]\n`);
  write('types.yaml', `data: { file: ${JSON.stringify(penguins)}, types: { kind: id } }\nmodels: [kmeans]\n`);
  write('holes.csv', 'x,y\n1,2\n,4\n5,6\n');
  write('holes.yaml', 'data: holes.csv\nmodels: [kmeans]\nclusters: [1]\n');
  write('texts.csv', `x,y\nx,2\n${'3,4\n5,6\n'.repeat(9)}`);
  write('texts.yaml', 'data: texts.csv\nmodels: [kmeans]\nclusters: [1]\n');
  it.each<[name: string, args: string[], message: RegExp]>([
    ['no file', ['none.yaml'], /^genmi-cluster: none\.yaml: expected a file that can be read, received no file/],
    ['broken YAML', ['syntax.yaml'], /^genmi-cluster: syntax\.yaml, line 3, column \d: expected YAML or JSON/],
    ['no data', ['no-data.yaml'], /^genmi-cluster: none\.csv: expected a file that can be read, received no file/],
    [
      'data that are broken',
      ['ragged.yaml'],
      /^genmi-cluster: ragged\.csv, line 3: expected 2 cells, separated by ',', received 1/,
    ],
    [
      'an unknown label',
      ['label.yaml'],
      /^genmi-cluster: label\.yaml, label: expected one of the columns .*, received 'kind'/,
    ],
    [
      'an unknown column with a type',
      ['types.yaml'],
      /^genmi-cluster: types\.yaml, data\.types: expected one of the columns .*, received 'kind'/,
    ],
    ['a missing value', ['holes.yaml'], /holes\.csv, line 3 .*, or set impute: median$/m],
    [
      'a text among numbers',
      ['texts.yaml'],
      /texts\.csv, line 2, .* in missing below data, or read the column by types: \{ 'x': category \} below data$/m,
    ],
    [
      'half a task',
      ['ragged.yaml', '--task-index', '1'],
      /--task-index and --task-count: expected both or none, received one/,
    ],
    ['a task too many', ['ragged.yaml', '--task-index', '2', '--task-count', '2'], /--task-index: expected 0 to 1, /],
    ['no workers', ['ragged.yaml', '--workers', '0'], /'0' is invalid. Expected a whole number of 1 or more/],
    ['a folder that is a file', ['ragged.yaml', '--out', 'started'], /started: expected a place that can be written/],
  ])('%s', async (name, args, message) => {
    const out = name.replaceAll(' ', '-');
    const { code, stderr } = await run('sweep', '--out', `${out}/sweep`, ...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(code).toBe(2);
    expect(existsSync(path.join(folder, out))).toBe(false);
  });
});
