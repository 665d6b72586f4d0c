/** The page in a browser: Debian's chromium, or Chrome. It needs `npm run build:cluster`. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../../test/support/processes.js';
import { temporaryFiles } from './support/files.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const write = temporaryFiles();

const inPath = (process.env.PATH ?? '')
  .split(path.delimiter)
  .map((folder) => path.join(folder, 'chromium'))
  .find(existsSync);

async function launch(): Promise<Browser | undefined> {
  try {
    const choice = inPath === undefined ? { channel: 'chrome' } : { executablePath: inPath };
    return await chromium.launch({ ...choice, args: ['--no-sandbox', '--disable-gpu'] });
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return undefined;
  }
}
const browser = await launch();
afterAll(() => browser?.close());

/** Fits a file, and returns the address of its page. */
async function pageOf(name: string, content: string | Uint8Array, ...args: string[]): Promise<string> {
  const file = write(name, content);
  const out = path.join(path.dirname(file), `${name}-run`);
  const { code, stderr } = await execute(process.execPath, [main, 'fit', file, '--out', out, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return pathToFileURL(path.join(out, 'report.html')).href;
}

/** A table of three groups with names that are no HTML. */
const attack = '<img src=x onerror=alert(1)>';
const rows = Array.from({ length: 90 }, (_, i) => {
  const [group, angle] = [i % 3, i * 2.4];
  const radius = Math.sqrt(i / 90);
  const [x, y] = [9 * group + radius * Math.cos(angle), 5 * (group % 2) + radius * Math.sin(angle)];
  return `${attack}${i},${x.toFixed(3)},${y.toFixed(3)},</script>${group}`;
});
const table = `name,x,${attack},kind\n${rows.join('\n')}\n`;

// Programs of the browser are texts: the types of this file are those of Node.
const placeOfPoint = `(() => {
  const element = document.getElementById('map');
  const [point] = JSON.parse(document.getElementById('data').textContent).map.clusters[2].points;
  const [x, y] = echarts.getInstanceByDom(element).convertToPixel('grid', point.at);
  const box = element.getBoundingClientRect();
  return { x: box.x + x, y: box.y + y, name: point.name };
})()`;
const cornersOfMeans = `[...document.querySelectorAll('#distinctions canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, 1);
  return [data[0], data[4 * (canvas.width - 1)]];
})`;
const rightEdges = `[...document.querySelectorAll('section, .scroll, button')].map((element) => element.getBoundingClientRect().right)`;
const heightsOfLines = `[...document.querySelectorAll('.confusion td, .confusion th, button')].map((element) => element.clientHeight)`;
const brightness = `(() => {
  const { color, backgroundColor } = getComputedStyle(document.body);
  return [color, backgroundColor].map((text) => Number(/\\d+/.exec(text)[0]));
})()`;

describe.skipIf(browser === undefined)('the page of a run', () => {
  let address: string;
  let page: Page;
  const faults: string[] = [];
  const visible = (selector: string) => page.locator(`${selector} >> visible=true`).count();

  beforeAll(async () => {
    address = await pageOf(
      'groups.csv',
      table,
      '--label',
      'kind',
      '--model',
      'mlp',
      '--epochs',
      '20',
      '--restarts',
      '1',
    );
    const context = await (browser as Browser).newContext({ viewport: { width: 1400, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('dialog', (dialog) => faults.push(dialog.message()));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) faults.push(request.url());
    });
    await page.goto(address);
  });

  it('opens without an error, and asks for no other file', async () => {
    expect(await page.title()).toMatch(/groups\.csv: 3 clusters$/);
    expect(await page.locator('h2').allTextContents()).toEqual([
      ...['Map', 'Clusters', 'Clusters and classes', 'What distinguishes each cluster'],
      ...['Silhouettes', 'Certainty', 'Training', 'Rules', 'Rows to look at'],
    ]);
    expect(await page.locator('#map canvas').count()).toBe(1);
    expect(await page.locator('#rows').textContent()).toContain(attack);
    expect(await page.locator('#classes tbody th').allTextContents()).toEqual([0, 1, 2].map((k) => `</script>${k}`));
    expect(await page.locator('#classes td').allTextContents()).toEqual(expect.arrayContaining(['30', '0']));
    expect(faults).toEqual([]);
  });

  it('draws the rules as a tree', async () => {
    const lines = ((await page.textContent('#rules pre')) as string).split('\n').map((line) => line.trim());
    const leaves = lines.filter((line) => line.startsWith('cluster'));
    expect(leaves.length).toBeGreaterThan(2);
    expect(await page.locator('#rules svg path').count()).toBe(lines.length - leaves.length);
    const texts = await page.locator('#rules svg text').allTextContents();
    const drawn = texts.filter((text) => text.startsWith('cluster'));
    expect(drawn).toEqual(leaves.map((line) => line.replace(/ \((\d+) samples?\)/, ', $1 rows')));
    for (const rule of lines.filter((line) => !leaves.includes(line))) {
      expect(texts.some((text) => text.endsWith(rule))).toBe(true); // the title is whole
    }
  });

  it('shows a cluster alone after a click on it, and all after Escape', async () => {
    expect(await visible('#distinctions article')).toBe(3);
    await page.click('button[data-filter="1"]');
    expect(await visible('#distinctions article')).toBe(1);
    expect(await page.locator('#rows article:visible h3').textContent()).toBe('cluster 1');
    expect(await page.getAttribute('button[data-filter="1"]', 'aria-pressed')).toBe('true');
    expect(await page.textContent('#status')).toBe('Only cluster 1 is shown.');
    await page.keyboard.press('Escape');
    expect(await visible('#distinctions article')).toBe(3);
  });

  it('names the row at the pointer and at the arrow keys, and shows its cluster after a click', async () => {
    const map = page.locator('#map');
    await map.focus();
    await page.keyboard.press('ArrowRight');
    const text = (await map.textContent()) as string;
    expect(text).toContain(attack);
    const cluster = /cluster (\d)/.exec(text)?.[1];
    await page.keyboard.press('Enter');
    expect(await page.textContent('#status')).toBe(`Only cluster ${cluster} is shown.`);
    await page.keyboard.press('Escape');

    const place = await page.evaluate<{ x: number; y: number; name: string }>(placeOfPoint);
    await page.mouse.move(place.x, place.y);
    await expect.poll(() => map.textContent()).toContain(place.name);
    expect(await map.textContent()).toContain('cluster 2');
    await page.mouse.click(place.x, place.y);
    expect(await page.textContent('#status')).toBe('Only cluster 2 is shown.');
    await page.mouse.click(place.x, place.y);
    expect(await visible('#distinctions article')).toBe(3);
    expect(faults).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'has contrast and no scroll bar at 400 and 1,400 pixels, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      for (const width of [400, 1400]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        const [ink, paper] = await page.evaluate<[number, number]>(brightness);
        expect(Math.abs(ink - paper)).toBeGreaterThan(190);
        expect(paper > ink).toBe(colorScheme === 'light');
      }
      expect(faults).toEqual([]);
    },
  );

  it('has room for many clusters and classes', async () => {
    const many = Array.from({ length: 24 * 110 }, (_, i) => `${i % 24},${(i % 7) / 100},g${i % 24}`);
    const options = ['--clusters', '24', '--model', 'kmeans', '--label', 'kind'];
    await page.goto(await pageOf('many.csv', `x,y,kind\n${many.join('\n')}\n`, ...options));
    for (const width of [400, 1400]) {
      await page.setViewportSize({ width, height: 900 });
      const rights = await page.evaluate<number[]>(rightEdges);
      expect(rights.length).toBeGreaterThan(30);
      expect(Math.max(...rights)).toBeLessThanOrEqual(width);
      const heights = await page.evaluate<number[]>(heightsOfLines);
      expect(heights.length).toBeGreaterThan(24 * 25);
      expect(Math.max(...heights)).toBeLessThan(45); // a line of text each
    }
    expect(faults).toEqual([]);
  });

  it('shows images, and the mean of each cluster', async () => {
    // 40 images of 4 x 3 pixels: the left half is white, or the right one; a pixel in the middle counts the image.
    const bytes = Array.from({ length: 40 }, (_, i) =>
      [0, 1, 2].flatMap(() => (i % 2 ? [0, i, 0, 200] : [200, i, 0, 0])),
    );
    const header = [0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 3, 0, 0, 0, 4];
    const file = Uint8Array.from([...header, ...bytes.flat()]);
    await page.goto(await pageOf('images-idx3-ubyte', file, '--clusters', '2', '--model', 'kmeans'));
    const corners = await page.evaluate<number[][]>(cornersOfMeans);
    expect(corners.sort((a, b) => (a[0] as number) - (b[0] as number))).toEqual([
      [0, 255],
      [255, 0],
    ]);
    expect(await page.locator('#rows canvas').count()).toBe(12);
    expect(await page.locator('#distinctions canvas').first().getAttribute('aria-label')).toBe('mean of cluster 0');
    expect(faults).toEqual([]);
  });

  it('of 100,000 rows draws 5,000 of them', async () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, i) => `${(i % 4) + Math.sin(i * i)},${((i % 4) * 3 + Math.cos(i * i)).toFixed(4)}`,
    );
    const large = await pageOf('large.csv', `x,y\n${lines.join('\n')}\n`, '--clusters', '4', '--model', 'kmeans');
    expect(readFileSync(new URL(large)).length).toBeLessThan(2_500_000);
    const started = performance.now();
    await page.goto(large);
    await page.click('button[data-filter="3"]');
    expect(await page.textContent('#status')).toBe('Only cluster 3 is shown.');
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await page.textContent('#map-section')).toContain('5,000 random rows of 100,000 are shown.');
  });
});
