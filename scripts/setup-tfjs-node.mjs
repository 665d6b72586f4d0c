#!/usr/bin/env node
// Installs @tensorflow/tfjs-node into engines/tfjs-node. Its own download of libtensorflow fails on many machines, so that it tries:
//   1. the package's ordinary installation;
//   2. libtensorflow out of a PyPI wheel, and the binding built here against it (Linux x64);
//   3. nothing: it ends with code 0 and one sentence that says why the wasm engine is used.
// Safe to run at every start: a marker file tells of a finished set-up. --force starts over, --json prints the marker.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lock } from './tfjs-node/lock.mjs';
import { run } from './tfjs-node/run.mjs';
import { sizeOf } from './tfjs-node/size.mjs';
import { createStatus } from './tfjs-node/status.mjs';
import { buildFromWheel } from './tfjs-node/wheel.mjs';

const engine = fileURLToPath(new URL('../engines/tfjs-node', import.meta.url));
const modules = join(engine, 'node_modules');
const tfjsNode = join(modules, '@tensorflow/tfjs-node');
const markerFile = join(modules, '.genmi-engine.json');
const cacheRoot = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'genmi');

/** A failed set-up is tried again after this time, and not at every start: the network may have changed. */
const RETRY_AFTER_HOURS = 12;

process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
await main();

async function main() {
  const { values: options } = parseArgs({ options: { force: { type: 'boolean' }, json: { type: 'boolean' } } });
  const key = inputsKey();
  const status = createStatus({ quiet: Boolean(options.json) });
  let marker = options.force ? undefined : readMarker(key);
  if (!marker) {
    await lock(join(cacheRoot, 'setup-tfjs-node.lock'), () => status.step('waiting for another set-up to finish'));
    marker = (options.force ? undefined : readMarker(key)) ?? (await setUp(key, status));
  }
  if (options.json) console.log(JSON.stringify(marker));
  else if (marker.engine === 'wasm')
    status.done(`not available, the wasm engine is used: ${marker.reason} To try again: npm run setup -- --force`);
}

/** Everything that the installed result depends on. */
function inputsKey() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const name of ['package-lock.json', 'requirements.txt']) hash.update(readFileSync(join(engine, name)));
  return hash.digest('hex').slice(0, 16);
}

/** The marker of an earlier run, unless it is of other inputs, its files are gone, or it is an old failure. */
function readMarker(key) {
  if (!existsSync(markerFile)) return undefined;
  const marker = JSON.parse(readFileSync(markerFile, 'utf8'));
  const fresh = Date.now() - Date.parse(marker.when) < RETRY_AFTER_HOURS * 3.6e6;
  const valid = marker.engine === 'wasm' ? fresh : existsSync(join(tfjsNode, 'deps/lib'));
  return marker.key === key && valid ? marker : undefined;
}

async function setUp(key, status) {
  const started = performance.now();
  const { source, reason } = await install(key, status);
  const marker = { engine: source ? 'tfjs-node' : 'wasm', source, reason, key, when: new Date().toISOString() };
  mkdirSync(modules, { recursive: true });
  writeFileSync(`${markerFile}.part`, `${JSON.stringify(marker, undefined, 2)}\n`);
  renameSync(`${markerFile}.part`, markerFile);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (source) status.done(`ready in ${seconds} s (libtensorflow from ${source}).`);
  return marker;
}

/** @returns {Promise<{ source?: string, reason?: string }>} where libtensorflow came from, or why there is none */
async function install(key, status) {
  status.step('installing its JavaScript (npm)');
  const packages = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: engine,
    seconds: 300,
  });
  if (!packages.ok) return { reason: `npm could not install @tensorflow/tfjs-node: ${packages.reason}.` };

  const ordinary = (await installOrdinary(status)) ?? (await loads(status));
  if (!ordinary) return { source: 'its ordinary installation' };
  const wheel = (await installFromWheel(key, status)) ?? (await loads(status));
  return wheel
    ? { reason: `its ordinary installation failed (${ordinary}), and ${wheel}.` }
    : { source: 'a PyPI wheel' };
}

/** Installs the package as `npm install` would, with a time limit: a host that does not answer costs seconds. */
async function installOrdinary(status) {
  const deps = join(tfjsNode, 'deps');
  status.step('its ordinary installation', () => `${(sizeOf(deps) / 1e6).toFixed(0)} MB`);
  const manifest = readFileSync(join(tfjsNode, 'package.json'));
  const env = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH}` };
  const stalled = (elapsed) =>
    elapsed > 15 && sizeOf(deps) === 0 ? 'its download did not begin within 15 s' : undefined;
  const { ok, reason } = await run(process.execPath, ['scripts/install.js'], {
    cwd: tfjsNode,
    env,
    seconds: 600,
    stalled,
  });
  writeFileSync(join(tfjsNode, 'package.json'), manifest); // the script edits it, and leaves it so when it fails
  return ok ? undefined : reason;
}

async function installFromWheel(key, status) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `the wheel with libtensorflow is for Linux x64, this is ${process.platform} ${process.arch}`;
  }
  const cache = join(cacheRoot, `libtensorflow-${key}`);
  const failure = await buildFromWheel({ cache, engine, status });
  if (failure) return failure;
  const target = join(tfjsNode, 'lib/napi-v8');
  rmSync(join(tfjsNode, 'deps'), { recursive: true, force: true });
  symlinkSync(cache, join(tfjsNode, 'deps'));
  mkdirSync(target, { recursive: true });
  copyFileSync(join(cache, 'tfjs_binding.node'), join(target, 'tfjs_binding.node'));
  return undefined;
}

/** Multiplies two matrices in a process of its own: a library that does not fit this machine may end the process. */
async function loads(status) {
  status.step('checking that it loads');
  const program = `
    const tf = require('./index.cjs');
    const product = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()[0];
    if (tf.getBackend() !== 'tensorflow' || product !== 11) throw new Error('Error: wrong result ' + product);`;
  const { ok, reason } = await run(process.execPath, ['-e', program], { cwd: engine, seconds: 60 });
  return ok ? undefined : `it does not load: ${reason}`;
}
