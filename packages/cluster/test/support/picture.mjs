// Makes penguins.png, the picture of the README: `node packages/cluster/test/support/picture.mjs`, with chromium installed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'genmi-cluster-picture-'));
const command = [path.join(root, 'dist/cli/main.js'), 'fit', 'penguins.csv', '--label', 'species', '--out', folder];
execFileSync(process.execPath, command, { cwd: path.join(root, 'test/fixtures/data') });

const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1400, height: 1560 }, colorScheme: 'light' });
await page.goto(pathToFileURL(path.join(folder, 'report.html')).href);
await page.screenshot({ path: path.join(root, 'penguins.png') });
await browser.close();
rmSync(folder, { recursive: true });
