/** The command line, run as a user runs it. It needs `npm run build:cluster`. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { execute } from '../../../test/support/processes.js';
import { describeError, within } from '../src/cli/errors.js';
import { failed, outOfRange } from '../src/errors.js';
import { option, reword, type Text } from '../src/messages.js';
import { wordsOf } from '../src/sweep/index.js';
import { thrownBy } from './support/compare.js';
import { temporaryFiles } from './support/files.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const data = (name: string) => fileURLToPath(new URL(`fixtures/data/${name}`, import.meta.url));
const write = temporaryFiles();
const folder = path.dirname(write('started', ''));
const run = (...args: string[]) => execute(process.execPath, [main, ...args], { cwd: folder });
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');

describe('genmi-cluster', { concurrent: true }, () => {
  it('fits a file, and predicts it again', async () => {
    const fit = await run(
      'fit',
      data('penguins.csv'),
      '--label',
      'species',
      '--model',
      'kmeans',
      '--restarts',
      '50',
      '--out',
      'a/run',
    );
    expect(fit).toMatchObject({ code: 0, stderr: '' });
    expect(fit.stdout).toMatch(/333 rows of csv\n {2}cells are separated by ','; the decimal sign is a point/);
    expect(fit.stdout).toMatch(/species +not used: the label/);
    expect(fit.stdout).toMatch(
      /10 features\n {2}3 classes to compare with: Adelie, Chinstrap, Gentoo; as many clusters are looked for/,
    );
    const files = ['command.txt', 'labels.csv', 'model.json', 'report.html', 'results.json'];
    expect(readdirSync(path.join(folder, 'a/run'))).toEqual(files);
    const results = JSON.parse(read('a/run/results.json'));
    // scikit-learn 1.9.1, KMeans(3, n_init=50) on the same features: inertia 968.3304, ARI 0.55301.
    expect(results.objective.value).toBeCloseTo(-968.3304, 3);
    expect(results).toMatchObject({ clusters: { asked: 3, used: 3 }, interrupted: false, label: 'species' });
    expect(results.ari).toBeCloseTo(0.55301, 4);
    const labels = read('a/run/labels.csv');
    expect(labels.split('\n', 2)).toEqual(['row,cluster,probability', expect.stringMatching(/^1,\d,[\d.]+$/)]);

    const [predicted, evaluated, repeated] = await Promise.all([
      run('predict', data('penguins.csv'), '--model', 'a/run', '--out', 'clusters.csv'),
      run('evaluate', 'a/run/labels.csv', data('penguins.csv'), '--label', 'species', '--json'),
      execute(
        'sh',
        [
          '-c',
          read('a/run/command.txt')
            .replace('npx genmi-cluster', `"${process.execPath}" "${main}"`)
            .replace('a/run', 'b'),
        ],
        { cwd: folder },
      ),
    ]);
    expect(predicted).toMatchObject({ code: 0, stderr: '' });
    expect(read('clusters.csv')).toBe(labels);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ rows: 333, ari: results.ari, accuracy: results.accuracy });
    expect(repeated.code).toBe(0);
    expect(read('b/labels.csv')).toBe(labels);
    expect(read('b/model.json')).toBe(read('a/run/model.json'));
  });

  it('finds the species of penguins without further options', async () => {
    const { code, stdout } = await run('fit', data('penguins.csv'), '--label', 'species', '--out', 'd', '--json');
    expect(code).toBe(0);
    const results = JSON.parse(stdout);
    expect(results).toEqual(JSON.parse(read('d/results.json')));
    expect(results).toMatchObject({ model: 'mixture', clusters: { asked: 3, used: 3 } });
    expect(results.ari).toBeGreaterThan(0.95);
    expect(results).not.toHaveProperty('stability');
    expect(read('d/report.html')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  });

  it('says how surely clusters come back', async () => {
    // Two groups far apart, and each part of the rows has both.
    write(
      'groups.csv',
      `x,y\n${Array.from({ length: 40 }, (_, i) => `${(i % 2) * 50 + Math.sin(i)},${Math.cos(i)}`).join('\n')}\n`,
    );
    const { code, stdout } = await run(
      'fit',
      'groups.csv',
      '--clusters',
      '2',
      '--stability',
      '3',
      '--out',
      's',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).stability).toEqual({ meanAri: 1, leastAri: 1, jaccard: [1, 1] });
    expect(read('s/report.html')).toMatch(/<h2 id="stability-title">/);
    expect(read('s/command.txt')).toContain('--stability 3');
  });

  it('reads a short file as the file of fit, and joins rows by their ids', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `k${i};${i % 2 ? '1,5' : '7,25'};${i};${i % 4 < 2 ? 7 : 'x'}`);
    write('long.csv', `name;size;at;kind\n${rows.join('\n')}\n`);
    // `at` counts up, and `size` has no comma here: alone, they would be an id and an unscaled number.
    write('short.csv', 'kind,at,size,name\nx,2,7.25,k2\n7,1,1.5,k1\nnew,3,1.5,k3\n');
    const types = ['--type', 'at=number', '--type', 'kind=category'];
    const fit = await run('fit', 'long.csv', '--clusters', '2', '--model', 'kauri', '--out', 'c', '--json', ...types);
    expect(JSON.parse(fit.stdout)).toMatchObject({ data: { features: ['size', 'at', 'kind=7', 'kind=x'] } });
    const { code, stdout, stderr } = await run(
      'predict',
      'short.csv',
      '--model',
      'c',
      '--out',
      'short-clusters.csv',
      '--json',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ rows: 3, notes: [expect.stringMatching(/'new'/)] });
    const known = new Map(
      read('c/labels.csv')
        .trim()
        .split('\n')
        .map((line) => line.split(',', 2) as [string, string]),
    );
    const found = read('short-clusters.csv')
      .trim()
      .split('\n')
      .map((line) => line.split(',', 2));
    expect(found.slice(0, 3)).toEqual([
      ['name', 'cluster'],
      ['k2', known.get('k2')],
      ['k1', known.get('k1')],
    ]);
  });
});

describe('the options in a message', () => {
  const missing = ['fill it in, or set ', option('impute', 'median')];
  const typed = ['leave it out, or read it by ', option('types', { 'zip code': 'category' })];
  const asData = ['rename one, or read the line as data by ', option('header', false)];
  const longer = ['look for a quote', [', or allow more by ', option('longestLine')]];
  const scaled = ['choose another ', option('scale'), [', or ', option('precision', 'float64')]];
  const scale = [option('precision', 'float64')];
  it.each<[place: string | { argument: string; rest: string }, remedy: Text, shown: [string, string, string]]>([
    [
      'a.csv',
      missing,
      [
        "a.csv: …; fill it in, or set `impute: 'median'`",
        'a.csv: …; fill it in, or set --impute median',
        'a.csv: …; fill it in, or set impute: median',
      ],
    ],
    [
      'a.csv',
      typed,
      [
        "a.csv: …; leave it out, or read it by `types: { 'zip code': 'category' }`",
        "a.csv: …; leave it out, or read it by --type 'zip code=category'",
        "a.csv: …; leave it out, or read it by types: { 'zip code': category } below data",
      ],
    ],
    [
      'a.csv',
      asData,
      [
        'a.csv: …; rename one, or read the line as data by `header: false`',
        'a.csv: …; rename one, or read the line as data by --no-header',
        'a.csv: …; rename one, or read the line as data by header: false below data',
      ],
    ],
    [
      'a.csv',
      longer,
      [
        'a.csv: …; look for a quote, or allow more by `longestLine`',
        'a.csv: …; look for a quote',
        'a.csv: …; look for a quote',
      ],
    ],
    [
      'a.csv',
      scaled,
      [
        "a.csv: …; choose another `scale`, or `precision: 'float64'`",
        'a.csv: …; choose another --scale',
        'a.csv: …; choose another scale',
      ],
    ],
    ['a.csv', scale, ["a.csv: …; `precision: 'float64'`", 'a.csv: …', 'a.csv: …']],
    [{ argument: 'types', rest: "['a']" }, '', ["types['a']: …", "--type['a']: …", "s.yaml, data.types['a']: …"]],
    [{ argument: 'columns', rest: ", 'a'" }, '', ["columns, 'a': …", "--columns, 'a': …", "s.yaml, columns, 'a': …"]],
    [{ argument: 'redis', rest: '' }, '', ['redis: …', '--redis: …', '--redis: …']],
    [{ argument: 'x', rest: '[3][0]' }, '', ['x[3][0]: …', 'x[3][0]: …', 'x[3][0]: …']],
  ])('are those of its reader: %j', (place, remedy, shown) => {
    // biome-ignore format: a table
    const make = () => failed('ERR_COLUMN', place, 'a', 'b', remedy === '' ? undefined : remedy);
    const short = (message: string) => message.replace('expected a, received b', '…');
    expect(short(make().message), 'in code').toBe(shown[0]);
    expect(short(describeError(make()).message), 'on the command line').toBe(shown[1]);
    const ofSweep = make();
    reword(ofSweep, wordsOf('s.yaml'));
    expect(short(describeError(ofSweep).message), 'in the file of a sweep').toBe(shown[2]);
  });

  it('are no part of a place within a file', () => {
    const wrong = () => {
      throw outOfRange('model', 'a', 'b');
    };
    expect(describeError(thrownBy(wrong)).message).toMatch(/^--model: /);
    expect(describeError(thrownBy(() => within('run/model.json', wrong))).message).toMatch(
      /^run\/model\.json, model: /,
    );
    const field = () => {
      throw outOfRange('model.version', 'a', 'b');
    };
    expect(describeError(thrownBy(field)).message).toMatch(/^model\.version: /);
  });

  it('stay in messages of others', () => {
    expect(describeError(new Error('columns: `format`')).message).toBe('columns: `format`');
    expect(describeError('text')).toEqual({ code: 'ERR_UNEXPECTED', message: 'text' });
  });
});

describe('genmi-cluster compare and explain', { concurrent: true }, () => {
  it('rank models without labels', async () => {
    const options = ['--label', 'species', '--models', 'kmeans,kauri,mixture', '--json'];
    const { code, stdout, stderr } = await run('compare', data('penguins.csv'), ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const ranked: { name: string; consensus: number; ari: number }[] = JSON.parse(stdout);
    expect(ranked.map(({ name }) => name).sort()).toEqual(['kauri', 'kmeans', 'mixture']);
    expect(ranked.map(({ consensus }) => consensus)).toEqual(ranked.map(({ consensus }) => consensus).sort());
    expect(ranked.find(({ name }) => name === 'mixture')?.ari).toBeGreaterThan(0.95);
    const wrong = await run('compare', data('penguins.csv'), '--models', 'kmeans,kmeanz');
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--models: expected names of .*received 'kmeanz'/),
    });
  });

  it('name their own options in messages, and the file', async () => {
    const file = write('signs.csv', 'a,b\n-1.5,2\n3.25,-4\n2.5,1\n0.5,7\n');
    const cases: [args: string[], message: RegExp][] = [
      [
        ['compare', file, '--models', 'kmeans,kmeans'],
        /--models: expected two or more clusterings .*, received 1; add/,
      ],
      [['compare', file, '--clusters', '9'], /--clusters: expected at most the 4 rows of .*signs\.csv, received 9/],
      [['path', file, '--clusters', '9'], /--clusters: expected at most the 4 rows of .*signs\.csv, received 9/],
      [['explain', file, '--labels', file], /--cluster: expected one of the columns a, b, received 'cluster'/],
      [['evaluate', file, '--label', 'a'], /--cluster: expected one of the columns a, b, received 'cluster'/],
      [
        ['fit', file, '--clusters', '2', '--kernel', 'chi2', '--out', 'never2'],
        /signs\.csv, x: .* numbers >= 0, .*'chi2'/,
      ],
      [['fit', file, '--clusters', '2', '--id', 'name', '--out', 'never2'], /--id: expected one of the columns a, b/],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code, stderr } = await run(...args);
        expect(stderr).toMatch(message);
        expect(code, stderr).toBe(2);
      }),
    );
    expect(existsSync(path.join(folder, 'never2'))).toBe(false);
  });

  it('choose the features that the clusters need', async () => {
    // Three groups along a and b; c is noise, and a category says nothing.
    const rows = Array.from({ length: 90 }, (_, i) => [
      5 * (i % 3) + Math.sin(i),
      5 * ((i % 3) % 2) + Math.cos(i),
      Math.sin(i * i),
      'pq'[i % 2],
    ]);
    write('noise.csv', `a,b,c,d\n${rows.map((row) => row.join(',')).join('\n')}\n`);
    const { code, stdout, stderr } = await run('path', 'noise.csv', '--clusters', '3', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { chosen, steps } = JSON.parse(stdout);
    expect(chosen).toEqual(['a', 'b']);
    expect(steps[0].features).toEqual(expect.arrayContaining(['a', 'b']));
    const wrong = await run('path', 'noise.csv', '--keep', '2');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/Expected a number above 0, and 1 at most/) });
  });

  it('tell clusters by rules in the units of the table', async () => {
    write(
      'boxes.csv',
      `name,size,kind\n${Array.from({ length: 60 }, (_, i) => `b${i},${i},${'uvw'[i % 3]}`).join('\n')}\n`,
    );
    // In another order, as another program may have it.
    const clusters = Array.from({ length: 60 }, (_, i) => 59 - i).map(
      (i) => `b${i},${i < 20 ? 'low' : i % 3 === 1 ? 'v' : 'high'}`,
    );
    write('boxes-clusters.csv', `name,group\n${clusters.join('\n')}\n`);
    const options = ['--type', 'size=number', '--labels', 'boxes-clusters.csv', '--cluster', 'group'];
    const { code, stdout, stderr } = await run('explain', 'boxes.csv', ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 6)).toEqual([
      ...['size <= 19', '  cluster low (20 samples)', 'size > 19'],
      ...['  not kind=v', '    cluster high (27 samples)', '  kind=v'],
    ]);
    expect(stdout).toMatch(/The tree puts 100\.0 % of the rows/);
  });
});

// Windows has no signals: it ends a process at once.
describe.skipIf(process.platform === 'win32')('Ctrl-C', { concurrent: true }, () => {
  const lines = Array.from({ length: 4000 }, (_, i) => `${Math.sin(i)},${Math.cos(i * i)},${Math.sin(i * 3)}`);
  /** Sends signals after the first output, and returns the exit code and the error output. */
  const interrupt = (args: readonly string[], signals: number, signal: NodeJS.Signals) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, [main, 'fit', ...args], { cwd: folder });
      const ended = { stdout: '', stderr: '' };
      child.stderr.on('data', (text) => {
        ended.stderr += text;
      });
      child.stdout.on('data', (text) => {
        if (ended.stdout === '') for (let i = 0; i < signals; i++) setTimeout(() => child.kill(signal), 300 + 20 * i);
        ended.stdout += text;
      });
      child.on('close', (code) => resolve({ code, ...ended }));
    });

  it.each<[string, number, NodeJS.Signals]>([
    ['once', 1, 'SIGINT'],
    ['twice by npm, which passes on what the terminal has sent', 2, 'SIGINT'],
    ['as systems send it that end processes', 1, 'SIGTERM'],
  ])('keeps what there is: %s', async (_, signals, signal) => {
    const out = `interrupted-${signal}${signals}`;
    const file = write(`${out}.csv`, `a,b,c\n${lines.join('\n')}\n`);
    const endless = ['--model', 'kmeans', '--restarts', '100000000', '--out', out];
    const { code, stdout, stderr } = await interrupt([file, ...endless], signals, signal);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/Interrupted after [\d.]+ s: the best result so far is kept\./);
    expect(JSON.parse(read(`${out}/results.json`))).toMatchObject({ interrupted: true, clusters: { used: 8 } });
    expect(read(`${out}/labels.csv`).split('\n')).toHaveLength(4002);
    expect(read(`${out}/report.html`)).toContain('The fit was interrupted');
  });
});

describe('a fit that was killed', () => {
  it('goes on to the same files', async () => {
    const table = Array.from({ length: 1500 }, (_, i) => `${Math.sin(i)},${Math.cos(i * i)},${Math.sin(i * 3)}`);
    const file = write('killed.csv', `a,b,c\n${table.join('\n')}\n`);
    const options = ['--model', 'mlp', '--objective', 'wasserstein_ova', '--restarts', '3', '--epochs', '12'];
    const args = ['fit', file, '--clusters', '4', ...options];
    const killed = spawn(process.execPath, [main, ...args, '--out', 'killed', '--resume'], { cwd: folder });
    const ended = new Promise<string | null>((resolve) => killed.on('close', (_, signal) => resolve(signal)));
    const checkpoint = path.join(folder, 'killed/checkpoint.json');
    await expect.poll(() => existsSync(checkpoint), { timeout: 20_000, interval: 5 }).toBe(true);
    killed.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    expect(existsSync(path.join(folder, 'killed/labels.csv'))).toBe(false);

    const [resumed, whole] = await Promise.all([
      run(...args, '--out', 'killed', '--resume'),
      run(...args, '--out', 'whole'),
    ]);
    expect([resumed, whole]).toMatchObject([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    expect(existsSync(checkpoint)).toBe(false);
    for (const name of ['labels.csv', 'model.json']) expect(read(`killed/${name}`)).toBe(read(`whole/${name}`));

    const wrong = await run('fit', file, '--model', 'kmeans', '--resume', '--out', 'never');
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--resume: expected a model with epochs: linear, mlp/),
    });
    expect(existsSync(path.join(folder, 'never'))).toBe(false);
  });
});

/** What a bad file or option is called, and how it is answered. */
const good = 'x,y\n1,2\n3,5\n4,4\n2,9\n';
const broken: [name: string, content: string | undefined, args: string[], message: RegExp][] = [
  ['no file', undefined, [], /^genmi-cluster: .*bad0: expected a file that can be read, received no file/],
  ['an empty file', '', [], /: expected rows of data, received an empty file/],
  ['names alone', 'x,y\n', [], /: expected rows of data, received column names alone/],
  ['one row', 'x,y\n1,2\n', [], /: expected at least 2 rows to fit, received 1/],
  [
    'text among numbers',
    `${good.repeat(1)}5,abc\n${'6,7\n'.repeat(20)}`,
    [],
    /, line 6, column 'y': expected a number, received 'abc'.*--type 'y=category'/,
  ],
  ['a ragged row', `${good}1,2,3\n`, [], /, line 6: expected 2 cells, separated by ',', received 3/],
  [
    'more clusters than rows',
    good,
    ['--clusters', '5'],
    /--clusters: expected at most the 4 rows of .*bad\d+, received 5/,
  ],
  [
    'constant columns',
    'x,y\n1,2\n1,2\n1,2\n',
    [],
    /expected at least one column that can be a feature, received 'x' \(constant: 1\)/,
  ],
  [
    'a missing value',
    'x,y\n1.5,2\nNaN,3\n3.5,4\n9.5,2\n',
    [],
    /, line 3 \(row 2\), column 'x': expected a value.*--impute median/,
  ],
  [
    'an infinity',
    'x,y\n1.5,2\ninf,3\n3.5,4\n',
    [],
    /, line 3 \(row 2\), column 'x': expected a finite number, received Infinity/,
  ],
  [
    'spaces between cells',
    'x y\n1 2\n3 4\n5 7\n',
    [],
    /received 'x y' \(an id: each text occurs once\); check the types .* by --type, or name what separates .* by --separator/,
  ],
  ['numbers too far apart', 'x\n1.7e308\n-1.7e308\n5\n', [], /bad\d+, column 'x': expected numbers whose differences/],
  ['a name twice', 'x,x\n1,2\n3,4\n', [], /, line 1: expected different column names, received 'x' twice/],
  ['a quote that stays open', `${good}"1,2\n3,4\n`, [], /, line \d: expected a closing quote/],
  ['an unknown objective', good, ['--objective', 'mmd'], /'mmd' is invalid. Allowed choices are .*mmd_ova/],
  [
    'an option that the model lacks',
    good,
    ['--model', 'kmeans', '--kernel', 'rbf'],
    /kernel: expected none for the model 'kmeans', received 'rbf'; choose a model that takes it: kauri/,
  ],
  ['an unknown label', good, ['--label', 'z'], /label: expected one of the columns x, y, received 'z'/],
  ['an unknown column', good, ['--columns', 'x,z'], /columns: expected one of the columns x, y, received 'z'/],
  ['a number that is none', good, ['--clusters', '2.5'], /'2.5' is invalid. Expected a whole number of 1 or more/],
  [
    'a folder that is a file',
    good,
    ['--out', 'started'],
    /started: expected a place that can be written, received a file/,
  ],
];

describe('genmi-cluster fit, given what it cannot use', { concurrent: true }, () => {
  it.each(broken.map((row, i) => [i, ...row] as const))('%i: %s', async (i, _, content, args, message) => {
    const file = content === undefined ? path.join(folder, `bad${i}`) : write(`bad${i}`, content);
    const { code, stderr } = await run('fit', file, '--out', `out${i}/run`, ...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(code).toBe(2);
    expect(existsSync(path.join(folder, `out${i}`))).toBe(false);
  });

  it('a directory, as JSON', async () => {
    const { code, stdout, stderr } = await run('fit', folder, '--out', 'out/run', '--json');
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'ERR_FILE', message: stderr.trim().replace('genmi-cluster: ', '') },
    });
    expect(stderr).toMatch(/expected a file that can be read, received a directory; name a file in it/);
    expect(code).toBe(2);
  });
});

describe('genmi-cluster predict, given what it cannot use', () => {
  it('names the place, and writes nothing', async () => {
    const x = write('good.csv', good);
    expect((await run('fit', x, '--model', 'kmeans', '--clusters', '2', '--out', 'p')).code).toBe(0);
    const model = JSON.parse(read('p/model.json'));
    const otherModel = write('other-model.json', JSON.stringify({ ...model, version: 2 }));
    const otherEstimator = { ...model, estimator: { ...model.estimator, version: 9 } };
    const cases: [args: string[], message: RegExp][] = [
      [
        [x, '--model', 'none'],
        /^genmi-cluster: none: expected a model of genmi-cluster fit, received no file of this name/,
      ],
      [[x, '--model', folder], /model\.json: expected a model of genmi-cluster fit, received no file/],
      [
        [x, '--model', otherModel],
        /other-model\.json: expected a model of version 1, received version 2; fit once more/,
      ],
      [
        [x, '--model', write('estimator.json', JSON.stringify(otherEstimator))],
        /estimator\.json, model\.version: expected 1, received 9/,
      ],
      [[x, '--model', write('half.json', JSON.stringify(model).slice(0, 99))], /half\.json: .* received broken JSON/],
      [[x, '--model', x], /good\.csv: expected a model of genmi-cluster fit, received broken JSON/],
      [
        [write('less.csv', 'x\n1\n'), '--model', 'p'],
        /less\.csv: expected the columns of fit, y among them, received x/,
      ],
      [
        [write('text.csv', 'x,y\n1,2\na,4\n'), '--model', 'p'],
        /text\.csv, line 3, column 'x': expected a number, received 'a'/,
      ],
      [[x, '--model', 'p', '--out', `./${path.basename(x)}`], /--out: expected another file than the data/],
      [
        [x, '--model', 'p', '--out', 'none/c.csv'],
        /none\/c\.csv: expected a place that can be written, received no folder/,
      ],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code, stderr } = await run('predict', '--out', 'never.csv', ...args);
        expect(stderr).toMatch(message);
        expect(code, stderr).toBe(2);
      }),
    );
    expect(existsSync(path.join(folder, 'never.csv'))).toBe(false);
  });
});
