/** Sweeps: their file, the grid and keys of their fits, threads that die. The threads need `npm run build:cluster`. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { combine } from '../src/sweep/grid.js';
import { hashOfFile, type Job, jobsOf } from '../src/sweep/job.js';
import { store } from '../src/sweep/results.js';
import { csvOf, summarise } from '../src/sweep/summary.js';
import { type DataChoice, readSweepFile } from '../src/sweep/sweep-file.js';
import type { Outcome } from '../src/sweep/threads.js';
import { missingOf, partOf, workOff } from '../src/sweep/work.js';
import { temporaryFiles } from './support/files.js';

const write = temporaryFiles();
const penguins = fileURLToPath(new URL('fixtures/data/penguins.csv', import.meta.url));
const folder = path.dirname(write('started', ''));

describe('the grid of a sweep', () => {
  it('has each combination that a model takes, once', async () => {
    const file = write(
      'grid.yaml',
      `data: { file: d.csv, separator: ";", types: { zip: category } }
columns: [a, zip]
scale: robust
models: [kmeans, douglas]
clusters: [2, 3]
objectives: [mmd_ova, mi]
kernels: [linear, rbf]
seeds: [7]
fits:
  - { model: kauri, clusters: 2, kernel: rbf }
  - { seed: 7, clusters: 3, model: kmeans } # in the grid, too
`,
    );
    const { data, choices, notes } = await readSweepFile(file);
    expect(data).toEqual({
      file: path.join(folder, 'd.csv'),
      reading: { separator: ';', types: { zip: 'category' } },
      features: { columns: ['a', 'zip'], scale: 'robust' },
    });
    const douglas = (clusters: number) => [
      { model: 'douglas', clusters, objective: 'mmd_ova', kernel: 'linear', seed: 7 },
      { model: 'douglas', clusters, objective: 'mmd_ova', kernel: 'rbf', seed: 7 },
      { model: 'douglas', clusters, objective: 'mi', seed: 7 },
    ];
    expect(choices).toEqual([
      { model: 'kmeans', clusters: 2, seed: 7 },
      { model: 'kmeans', clusters: 3, seed: 7 },
      ...douglas(2),
      ...douglas(3),
      { model: 'kauri', clusters: 2, kernel: 'rbf', seed: 0 },
    ]);
    expect(notes).toEqual([
      'kmeans takes no objective, no kernel: 6 of 8 combinations are left out',
      'douglas takes no kernel except for mmd objectives: 2 of 8 combinations are left out',
    ]);
  });

  it('keeps the kernel of models that use it without an mmd objective', () => {
    const kernel = ['linear', 'rbf'] as const;
    const objective = ['mi'] as const;
    const of = (model: string) => combine({ models: [model], kernel, objective, seed: [0] }, [], '').choices.length;
    expect([of('kernel-rim'), of('kauri'), of('rim'), of('mlp'), of('mixture')]).toEqual([2, 2, 1, 1, 1]);
  });

  it('is the same in JSON, with tabs', async () => {
    const yaml = write('same.yaml', 'data: d.csv\nmodels: [mlp]\nseeds: [0, 1]\n');
    const json = write('same.json', '{\n\t"data": "d.csv",\n\t"models": ["mlp"],\n\t"seeds": [\n\t\t0, 1\n\t]\n}\n');
    expect(await readSweepFile(json)).toEqual(await readSweepFile(yaml));
  });
});

describe('a file of a sweep that is wrong', () => {
  const good = 'data: d.csv\nmodels: [kmeans]\n';
  it.each<[name: string, content: string, message: string | RegExp]>([
    [
      'nothing in it',
      '# later\n',
      /bad\.yaml: expected a sweep, received an empty file; name `data` and `models` in it/,
    ],
    [
      'broken YAML',
      `${good}seeds: [0, 1\nkernels: [rbf]\n`,
      /bad\.yaml, line 4, column 1: expected YAML or JSON, received/,
    ],
    [
      'broken JSON',
      '{\n"data": "d.csv",\n"models": ["kmeans"\n',
      /bad\.yaml, line \d, column \d: expected YAML or JSON/,
    ],
    ['a key twice', `${good}data: e.csv\n`, /bad\.yaml, line 3, column 1: .* received Map keys must be unique/],
    [
      'a list',
      '- data\n',
      /bad\.yaml, line 1: expected keys with values, as key: value, received an array of length 1/,
    ],
    [
      'an unknown key',
      `${good}model: [mlp]\n`,
      /bad\.yaml, line 3: expected one of the keys data, .*fits, received 'model'/,
    ],
    [
      'an unknown key of data',
      `data:\n  file: d.csv\n  sep: ";"\nmodels: [kmeans]\n`,
      /line 3, data: expected .* received 'sep'/,
    ],
    ['a key that is no text', `${good}3: 4\n`, /line 3: expected one of the keys .* received 3/],
    ['no data', 'models: [kmeans]\n', /bad\.yaml: expected the key data, received none/],
    [
      'data without a file',
      'data: { header: true }\nmodels: [kmeans]\n',
      /line 1, data: expected the key file, received/,
    ],
    [
      'a number as data',
      'data: 3\nmodels: [kmeans]\n',
      /line 1, data: expected keys with values, as key: value, received 3/,
    ],
    [
      'no fits',
      'data: d.csv\n',
      /bad\.yaml: expected the key models, fits, or both, received none; choose from kmeans, /,
    ],
    ['a grid without models', 'data: d.csv\n\nseeds: [1]\n', /line 3, seeds: expected the key models beside it/],
    [
      'one value as a list',
      `data: d.csv\nmodels: kmeans\n`,
      /line 2, models: expected a list of one or more values, .* received 'kmeans'/,
    ],
    [
      'an empty list',
      `${good}seeds: []\n`,
      /line 3, seeds: expected a list of one or more values, .* an array of length 0/,
    ],
    ['no value', `${good}label:\n`, /line 3, label: expected a text, received null/],
    [
      'an unknown model',
      'data: d.csv\nmodels:\n  - kmeans\n  - dbscan\n',
      /line 4, models\[1\]: expected one of kmeans, .*, received 'dbscan'/,
    ],
    [
      'an unknown objective',
      `${good}objectives: [mmd]\n`,
      /line 3, objectives\[0\]: expected one of mi, .*mmd_ova.*, received 'mmd'/,
    ],
    [
      'a text as a number',
      `${good}clusters: [2, "3"]\n`,
      /line 3, clusters\[1\]: expected a whole number of 1 or more, received '3'/,
    ],
    [
      'no clusters',
      `${good}clusters: [0]\n`,
      /line 3, clusters\[0\]: expected a whole number of 1 or more, received 0/,
    ],
    ['half a seed', `${good}seeds: [.5]\n`, /line 3, seeds\[0\]: expected a whole number, received 0.5/],
    [
      'a number as a column',
      `${good}columns: [1]\n`,
      /line 3, columns\[0\]: expected a text, received 1; put it in quotes/,
    ],
    [
      'an unknown type',
      'data: { file: d.csv, types: { a: int } }\nmodels: [kmeans]\n',
      /line 1, data.types.a: expected one of number, .*'int'/,
    ],
    [
      'a fit without a model',
      `data: d.csv\nfits:\n  - clusters: 3\n`,
      /line 3, fits\[0\]: expected the key model, received an object/,
    ],
    [
      'an option without effect',
      `data: d.csv\nfits:\n  - model: kmeans\n    kernel: rbf\n`,
      /line 4, fits\[0\].kernel: expected none for the model 'kmeans', received 'rbf'; leave it out/,
    ],
    [
      'too many fits',
      `${good}seeds: [${Array.from({ length: 400 }, (_, i) => i)}]\nclusters: [${Array.from({ length: 400 }, (_, i) => i + 1)}]\n`,
      /bad\.yaml: expected at most 100000 fits, received 160000; shorten the lists/,
    ],
  ])('%s', async (_, content, message) => {
    const error = await readSweepFile(write('bad.yaml', content)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ClusterError', message: expect.stringMatching(message) });
  });
});

describe('the key of a fit', () => {
  const data = (features: DataChoice['features'] = {}, reading: DataChoice['reading'] = {}): DataChoice => ({
    ...{ file: 'any', reading, features },
  });
  const choice = { model: 'mlp', clusters: 3, objective: 'mi', seed: 0 } as const;
  const keyOf = (of: DataChoice, fit: Parameters<typeof jobsOf>[3][number] = choice, version = '1', content = 'c') =>
    (jobsOf(version, content, of, [fit])[0] as Job).key;

  it('does not depend on the order of options and columns, and on the name of the data', () => {
    const key = keyOf(data({ label: 'a', columns: ['b', 'c'] }, { header: true, types: { b: 'number', c: 'id' } }));
    const other = data({ columns: ['c', 'b'], label: 'a' }, { types: { c: 'id', b: 'number' }, header: true });
    expect(keyOf({ ...other, file: 'moved' }, { seed: 0, objective: 'mi', clusters: 3, model: 'mlp' })).toBe(key);
    // printf '%s' '["1","c",[],[],null,"[\\"mlp\\",3,\\"mi\\",null,null,null,0]"]' | sha256sum
    expect(keyOf(data())).toBe('dfc66957ab56d774b476d8e6dc6c573dac35712f103679acde90f42db3a068cd');
  });

  it('is another one for every other option, content and version', () => {
    const keys = [
      keyOf(data()),
      keyOf(data(), choice, '2'),
      keyOf(data(), choice, '1', 'd'),
      keyOf(data({ label: 'a' })),
      keyOf(data({ columns: ['a'] })),
      keyOf(data({ scale: 'none' })),
      keyOf(data({ impute: 'median' })),
      keyOf(data({}, { header: true })),
      keyOf(data({}, { missing: ['x'] })),
      keyOf(data(), { model: 'mlp', clusters: 3, seed: 0 }),
      keyOf(data(), { ...choice, model: 'linear' }),
      keyOf(data(), { ...choice, clusters: 4 }),
      keyOf(data(), { ...choice, objective: 'mmd_ova' }),
      keyOf(data(), { ...choice, kernel: 'rbf' }),
      keyOf(data(), { ...choice, epochs: 3 }),
      keyOf(data(), { ...choice, restarts: 3 }),
      keyOf(data(), { ...choice, seed: 1 }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('holds the SHA-256 of the content of the data', async () => {
    // printf 'abc' | sha256sum
    expect(await hashOfFile(write('abc', 'abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    await expect(hashOfFile(path.join(folder, 'none'))).rejects.toThrow(
      /none: expected a file that can be read, received no file/,
    );
  });
});

it('the parts of an array of tasks are disjoint, even, and cover all fits', () => {
  const seeds = Array.from({ length: 23 }, (_, seed) => ({ model: 'kmeans', seed }));
  const jobs = jobsOf('1', 'c', { file: '', reading: {}, features: {} }, seeds);
  for (const count of [1, 2, 5, 23, 30]) {
    const parts = Array.from({ length: count }, (_, i) => partOf(jobs, i, count));
    expect(
      parts
        .flat()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(jobs.map(({ key }) => key));
    const sizes = parts.map((part) => part.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  }
});

describe('threads that die', () => {
  const threadFile = new URL('../dist/sweep/fit-thread.js', import.meta.url);
  const choice = { model: 'douglas', clusters: 3, epochs: 15, seed: 1 };
  const jobs = jobsOf('1', 'c', { file: penguins, reading: {}, features: { label: 'species' } }, [choice]);

  /** Works the job off; `kill` tells which attempts are ended in the middle of the fit. */
  async function outcomeOf(kill: (attempt: number) => boolean) {
    const workers: Worker[] = [];
    const outcomes: Outcome[] = [];
    await workOff(jobs, {
      workers: 1,
      start() {
        const data = { file: penguins, reading: {}, features: { label: 'species' } };
        const worker = new Worker(threadFile, { workerData: { data, source: 'sweep.yaml', threads: 1 } });
        workers.push(worker);
        return worker;
      },
      signal: new AbortController().signal,
      onProgress(done) {
        if (done > 0 && done < 1 && kill(workers.length)) void workers.at(-1)?.terminate();
      },
      onEnd: async (_, outcome) => void outcomes.push(outcome),
    });
    expect(outcomes.length).toBe(1);
    return { outcome: outcomes[0] as Outcome, started: workers.length };
  }

  it('are replaced, and their fit is made again, with the same result', async () => {
    const [undisturbed, killed] = [await outcomeOf(() => false), await outcomeOf((attempt) => attempt === 1)];
    expect([undisturbed.started, killed.started]).toEqual([1, 2]);
    expect(undisturbed.outcome).toMatchObject({ attempts: 1, result: { model: 'douglas' } });
    expect(killed.outcome).toMatchObject({ attempts: 2 });
    expect(killed.outcome.result?.labels).toEqual(undisturbed.outcome.result?.labels);
    expect(killed.outcome.result?.objective).toEqual(undisturbed.outcome.result?.objective);
  });

  it('make their fit fail at the third time', async () => {
    const { outcome, started } = await outcomeOf(() => true);
    expect(started).toBe(3);
    expect(outcome).toEqual({
      attempts: 3,
      failure: { name: 'Error', message: 'the thread of the fit ended before its result' },
    });
  });
});

describe('the summary', () => {
  it('has a result whose folder another task had made and removed', async () => {
    const removed = path.join(folder, 'removed');
    const job: Job = { key: 'k', choice: { model: 'kmeans', clusters: 2, seed: 0 } };
    await store(removed, '1', job, { attempts: 3, failure: { name: 'Error', message: 'no' } });
    expect((await summarise(removed, [job])).map(({ status }) => status)).toEqual(['failed']);
  });

  it('ranks by consensus, and names failed and missing fits', async () => {
    const choices = Array.from({ length: 5 }, (_, seed) => ({ model: 'kmeans', clusters: 2, seed }));
    const jobs = choices.map((choice, i): Job => ({ key: `${i}`, choice }));
    const labels = [
      [0, 0, 0, 1, 1, 1],
      [0, 1, 0, 1, 0, 1],
      [1, 1, 1, 0, 0, 0],
    ];
    for (const [i, each] of labels.entries()) {
      const result = {
        ...{ model: 'kmeans', clusters: { asked: 2, used: 2, sizes: [3, 3] }, certainty: null, silhouette: 0.5 },
        ...{ objective: { name: 'minus the inertia', value: -i }, seconds: 1, labels: each },
      };
      await store(folder, '1', jobs[i] as Job, { attempts: 1, result });
    }
    await store(folder, '1', jobs[3] as Job, { attempts: 3, failure: { name: 'Error', message: 'no, "no"' } });
    const rows = await summarise(folder, jobs);
    expect(rows.map(({ key, rank, status }) => [key, rank, status])).toEqual([
      ['0', 1, 'done'],
      ['2', 2, 'done'],
      ['1', 3, 'done'],
      ['3', null, 'failed'],
      ['4', null, 'missing'],
    ]);
    // Of 36 pairs, clustering 0 has 18 together. It shares 10 of these, and 10 of those apart, with clustering 1: the
    // consensus is 1, 2/3, 1/3 or 0 for 10, 8, 8 and 10 pairs, at distances 0 and -log(2/3) of the majority.
    expect(rows[0]?.consensus).toBeCloseTo((16 * Math.log(3 / 2)) / 36, 12);
    expect(rows[2]?.consensus).toBeCloseTo((16 * Math.log(3)) / 36, 12);
    const csv = [...csvOf(rows)].join('').split('\n');
    expect(csv[0]).toMatch(
      /^rank,consensus,status,model,clusters,.*,value,usedClusters,silhouette,ari,accuracy,seconds,key,error$/,
    );
    expect(csv[3]).toMatch(/^3,0\.\d+,done,kmeans,2,,,,,1,minus the inertia,-1,2,0.5,,,1,1,$/);
    expect(csv[4]).toBe(',,failed,kmeans,2,,,,,3,,,,,,,,3,"no, ""no"""');
    expect((await missingOf(folder, jobs)).map(({ key }) => key)).toEqual(['3', '4']);
  });
});
