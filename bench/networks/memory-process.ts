// Trains a network for an epoch. Arguments: the IDX file of images, how many, objective, threads. Output: bytes of the
// process before and at its peak, and of the data, as JSON. The data are bytes in native memory, and the array that they
// came from is gone: run it with --expose-gc.
import { openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Affinity, config, kl, mmd, Samples } from 'genmi';
import { adam, Network, train } from 'genmi/networks';
import { PIXELS } from '../../support/digits.js';

const HEADER = 16;
const [file, count, objective, threads] = process.argv.slice(2) as [string, string, string, string];
const n = Number(count);
config({ threads: Number(threads) });
const without = memory('VmRSS');
const data = readImages();
await collect();
writeFileSync('/proc/self/clear_refs', '5'); // the peak begins anew
const before = memory('VmRSS');
if (before - without > 1.5 * data.bytes + 2e7) throw new Error('the array of the images is still in memory');

const layers = [{ width: 1200 }, { width: 1200 }];
const network = Network.dense({ inputs: PIXELS, layers, outputs: 10, seed: 3 });
await train(network, { data, objective: makeObjective(), epochs: 1, batchSize: 250, optimizer: adam(), seed: 3 });
console.log(JSON.stringify({ before, peak: memory('VmHWM'), data: data.bytes }));

function makeObjective() {
  if (objective === 'kl_ova') return kl({ mode: 'ova' });
  return mmd({ mode: 'ova', affinity: Affinity.kernel(data, { kernel: 'linear', storage: 'features' }) });
}

function readImages(): Samples {
  const bytes = new Uint8Array(n * PIXELS);
  readSync(openSync(file, 'r'), bytes, 0, bytes.length, HEADER);
  return new Samples({ data: bytes, shape: [n, PIXELS], scale: 1 / 127.5, offset: -1 });
}

async function collect(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await sleep(20);
  }
}

function memory(name: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm'));
  return 1024 * Number(line?.[1]);
}
