// Makes hop distances once. Arguments: N, D, threads. Output: seconds and peak memory, as JSON.
import { Affinity, config } from 'genmi';
import { createRandom } from '../../support/random.js';
import { normals } from '../random.js';
import { timed } from '../statistics.js';

const SEED = 1;
const [n, d, threads] = process.argv.slice(2).map(Number);
config({ threads });
const data = Float32Array.from(normals(n * d, createRandom(SEED, d)));
const [seconds, hops] = timed(() => Affinity.hops({ data, shape: [n, d] }, { quantile: 0.05 }));
hops.dispose();
console.log(JSON.stringify({ seconds, bytes: 1024 * process.resourceUsage().maxRSS }));
