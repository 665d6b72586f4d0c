// Trains a network for an epoch. Arguments: the IDX file of images, how many, objective, threads. Output: bytes of the
// process before and at its peak, and of the data, as JSON.
import { openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { Affinity, config, kl, mmd } from 'genmi';
import { adam, Network, train } from 'genmi/networks';
import { PIXELS } from '../../support/digits.js';

const HEADER = 16;
const [file, count, objective, threads] = process.argv.slice(2) as [string, string, string, string];
const n = Number(count);
config({ threads: Number(threads) });
const bytes = new Uint8Array(n * PIXELS);
readSync(openSync(file, 'r'), bytes, 0, bytes.length, HEADER);
const data = { data: bytes, shape: [n, PIXELS] as const, scale: 1 / 127.5, offset: -1 };
writeFileSync('/proc/self/clear_refs', '5'); // the peak begins anew
const before = memory('VmRSS');

const layers = [{ width: 1200 }, { width: 1200 }];
const network = Network.dense({ inputs: PIXELS, layers, outputs: 10, seed: 3 });
await train(network, { data, objective: makeObjective(), epochs: 1, batchSize: 250, optimizer: adam(), seed: 3 });
console.log(JSON.stringify({ before, peak: memory('VmHWM'), data: bytes.length }));

function makeObjective() {
  if (objective === 'kl_ova') return kl({ mode: 'ova' });
  const x = { data: new Float32Array(bytes.length), shape: [n, PIXELS] as const };
  // Float32Array.from would make a list of all numbers first.
  for (let at = 0; at < bytes.length; at++) x.data[at] = bytes[at] / 127.5 - 1;
  return mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear', storage: 'features' }) });
}

function memory(name: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm'));
  return 1024 * Number(line?.[1]);
}
