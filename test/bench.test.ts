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
