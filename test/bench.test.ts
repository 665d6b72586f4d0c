/** The benchmarks still run: on tiny inputs, beside those peers that are installed. Their figures say nothing. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'genmi-bench-'));

beforeAll(() => {
  if (!existsSync(fromRoot('out/bench/kernels/main.js')))
    throw new Error('the benchmarks are not compiled: npm run build && npm run build:bench');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of the rows that were measured. */
async function smoke(benchmark: string, ...options: string[]): Promise<string[]> {
  const json = join(folder, `${benchmark}.json`);
  const args = [fromRoot(`out/bench/${benchmark}/main.js`), '--smoke', '--json', json, ...options];
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => resolve(error ? `${stdout}\n${stderr}` : ''));
  });
  expect(said).toBe('');
  const { figures } = JSON.parse(readFileSync(json, 'utf8')) as { figures: { name?: string; objective?: string }[] };
  return figures.map(({ name, objective }) => name ?? objective ?? '');
}

const load = <Module>(path: string): Promise<Module> => import(fromRoot(`out/bench/${path}`));

describe('a smoke test of the benchmarks', () => {
  it('measures kernels', async () => {
    const names = await smoke('kernels');
    expect(names).toEqual(
      expect.arrayContaining([
        'mmd_ova-1000-10-float32',
        'kl_ova-10000-50-out-float32',
        'rbf-4000-50-float64',
        'nt-xent-256-128-float32',
        'elastic-256-28',
        'projection-256-28',
        'hops-quantile-2000',
      ]),
    );
    // These need the program of bench/native, which CI builds: npm run build:bench-native.
    if (existsSync(fromRoot('out/native-release/kernels_bench')))
      expect(names).toEqual(
        expect.arrayContaining(['product-4000-10-float32', 'quantile-10000-float32', 'hop-search-quantile-2000']),
      );
  });

  it('measures transport', async () => {
    const names = await smoke('transport');
    expect(names.filter((name) => name === 'mixture-2-euclidean-mid-50').length).toBeGreaterThanOrEqual(2);
  });

  it('measures losses beside operations', async () => {
    expect(await smoke('tfjs', '--rows', '256-10')).toContain('tv_ovo-32-4');
  });

  it('measures training steps', async () => {
    const names = await smoke('step', '--rows', 'nothing|ova-(euclidean|rbf-dense)|kl_ovo');
    expect(names).toEqual(expect.arrayContaining(['nothing', 'wasserstein_ova-euclidean', 'kl_ovo']));
  });

  it('measures networks', async () => {
    const names = await smoke('networks');
    expect(names).toEqual(
      expect.arrayContaining(['step-784-1200-10-vat', 'epoch-2-20-20-4', 'epoch-384-10', 'predict-60000-784-1200-10']),
    );
    if (existsSync(fromRoot('out/native-release/kernels_bench')))
      expect(names).toEqual(expect.arrayContaining(['product-1024', 'neighbours-60000-784']));
  }, 240_000);
});

describe('the benchmark of networks', () => {
  it('says which peers are absent', async () => {
    const { absences } = await load<typeof import('../bench/networks/peers.js')>('networks/peers.js');
    expect(absences({ python: true, native: true }, { torch: '2', 'tfjs-node': '4' })).toEqual([]);
    const said = absences({ python: false, native: false }, { wasm: '4' });
    expect(said.map((line) => line.match(/npm run [\w:-]+/)?.[0])).toEqual([
      'npm run bench:setup',
      'npm run setup',
      'npm run build:bench-native',
    ]);
    expect(absences({ python: true, native: true }, { 'tfjs-node': '4' })[0]).toMatch(/^torch is not installed/);
  });

  it('joins rows that are measured one by one, of one machine', async () => {
    const { expectSameMachine, merge } =
      await load<typeof import('../bench/networks/results.js')>('networks/results.js');
    const file = join(folder, 'joined.json');
    const machine = { processor: 'P', versions: { genmi: '1' } };
    const figure = (name: string, threads: number, genmi: number) => ({ name, threads, genmi });
    const add = (...figures: ReturnType<typeof figure>[]) =>
      merge(file, { ...machine, figures, memory: [] }, ['a', 'b']);
    add(figure('b', 2, 1), figure('b', 1, 2));
    add(figure('a', 2, 3));
    add(figure('b', 2, 4));
    const { figures } = JSON.parse(readFileSync(file, 'utf8')) as { figures: unknown[] };
    expect(figures).toEqual([figure('a', 2, 3), figure('b', 2, 4), figure('b', 1, 2)]);
    expect(() => expectSameMachine(file, machine)).not.toThrow();
    expect(() => expectSameMachine(file, { ...machine, processor: 'Q' })).toThrow(/another machine/);
  });

  it('says by how much a target is met or missed', async () => {
    const { figuresOf, figureColumns } =
      await load<typeof import('../bench/networks/figures.js')>('networks/figures.js');
    const row = { name: 'a', work: { family: 'product', n: 1, d: 1, h: 1 } as const, targets: { torch: 2 } };
    const cells = (torch: number[]) =>
      figuresOf(row, 2, { genmi: [1, 9, 1], torch }).map((figure) =>
        figureColumns.map(({ text }) => text(figure)).slice(5),
      );
    expect(cells([1, 3, 3])).toEqual([['3 >= 2', '+50 %']]);
    expect(cells([1.5, 1.5, 7])).toEqual([['1.5 < 2 !', '-25 %']]);
  });
});

describe('the comparison of answers', () => {
  it('sees entries that have changed places', async () => {
    const { makeInputs } = await load<typeof import('../bench/kernels/inputs.js')>('kernels/inputs.js');
    const { project } = await load<typeof import('../bench/kernels/projection.js')>('kernels/projection.js');
    const { expectAgreement } = await load<typeof import('../bench/kernels/contestants.js')>('kernels/contestants.js');
    makeInputs({ family: 'affinity', measure: 'rbf', n: 64, d: 8, precision: 'float64' });
    const data = Float64Array.from({ length: 12 }, (_, i) => Math.sin(i));
    const finding = (numbers: Float64Array) => ({
      check: () => [project({ data: numbers, shape: [4, 3] })],
      time: () => 0,
    });
    const agree = (others: Float64Array) =>
      expectAgreement('row', { genmi: finding(data), peer: finding(others) }, () => [1e-5]);
    await agree(data.map((each) => each * (1 + 1e-7)));
    await expect(agree(data.toReversed())).rejects.toThrow(/row: peer finds/);
    const swapped = data.slice();
    [swapped[1], swapped[2]] = [data[2] as number, data[1] as number];
    await expect(agree(swapped)).rejects.toThrow(/row: peer finds/);
  });
});

describe('the tables of results', () => {
  it('are those of the figures: else run npm run bench:tables', async () => {
    const { renderTables } = await load<typeof import('../bench/tables/render.js')>('tables/render.js');
    const results = fromRoot('bench/results');
    const tables = renderTables(results);
    expect(tables.map(({ name }) => name).sort()).toEqual(
      readdirSync(results)
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.replace('.json', '.md'))
        .sort(),
    );
    for (const { name, text } of tables) expect(text, name).toBe(readFileSync(join(results, name), 'utf8'));
  });

  it('are quoted by pages and README as they are: else run npm run bench:tables', async () => {
    const { renderExcerpts } = await load<typeof import('../bench/tables/excerpts.js')>('tables/excerpts.js');
    const { renderWarmStarts } = await load<typeof import('../bench/tables/warm-starts.js')>('tables/warm-starts.js');
    const pages = [...renderExcerpts(fromRoot('.')), renderWarmStarts(fromRoot('.'))];
    expect(pages.map(({ name }) => name)).toContain('docs/objectives.md');
    for (const { name, text } of pages) expect(text, name).toBe(readFileSync(fromRoot(name), 'utf8'));
  });
});
