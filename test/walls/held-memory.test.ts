/** Native memory: V8 is told of it as long as an object holds it, and memory that none holds is freed soon. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/dist.js';
import { faults, runWithFaults } from '../support/faults.js';

const MB = 2 ** 20;
const data = 'const x = { data: numbers(2 * 3000, 1), shape: [3000, 2] };';
const make = "Affinity.distance(x, { metric: 'euclidean', storage: 'dense' })";

describe.skipIf(faults === undefined)('V8 is told of a matrix of 69 MB', () => {
  // Each step changes the holders. After each, garbage is collected, and the megabytes that V8 knows of are printed.
  const program = (steps: string) => `
    ${data}
    const tau = { data: new Float64Array(6000).fill(0.5).map((t, i) => t + 0.2 * Math.sin(i)), shape: [3000, 2] };
    const start = faults.told();
    async function told() {
      for (let i = 0; i < 4; i++) { globalThis.gc(); await sleep(5); }
      return Math.round((faults.told() - start) / ${MB});
    }
    const lines = [];
    ${steps}
    console.log(lines.join(' '));`;
  const cases: Record<string, [steps: string, expected: string]> = {
    'while its object lives': [
      `let a = ${make}; lines.push(await told()); a = undefined; lines.push(await told());`,
      '69 0',
    ],
    'until it is disposed of': [
      `const a = ${make}; a.dispose(); lines.push(await told()); lines.push(a.bytes);`,
      '0 0',
    ],
    'while an objective holds it': [
      `let o = wasserstein({ mode: 'ova', affinity: ${make} }); lines.push(await told()); o = undefined; lines.push(await told());`,
      '69 0',
    ],
    'once, while several objectives and sums hold it': [
      `let a = ${make};
       let all = [wasserstein({ mode: 'ova', affinity: a }), wasserstein({ mode: 'ovo', affinity: a })];
       all.push(add(...all), genmi.scale(all[0], 2)); a = undefined; lines.push(await told());
       all = all.slice(3); lines.push(await told()); all = undefined; lines.push(await told());`,
      '69 69 0',
    ],
    // 9,000,000 costs in float64 and in float32.
    'with the costs, while a solver holds both': [
      `let s = new genmi.TransportSolver(${make}); lines.push(await told()); s.dispose(); lines.push(await told());
       s = undefined; lines.push(await told());`,
      '172 69 0',
    ],
    'and of a network, its optimiser, its pass, its training and its snapshot': [
      `const networks = await import(new URL('networks/index.js', '${new URL('../../dist/index.js', import.meta.url).href}'));
       let n = networks.Network.dense({ inputs: 1000, layers: [{ width: 1024 }], outputs: 2 }); lines.push(await told());
       let o = networks.adam(); o.step(n); lines.push(await told()); o = undefined;
       n.forward({ data: new Float32Array(1000 * 512), shape: [512, 1000] }); lines.push(await told());
       let r = await networks.train(n, { data: { data: new Float32Array(1000 * 20), shape: [20, 1000] }, objective: kl({ mode: 'ova' }), epochs: 1 });
       lines.push(await told()); n.load(n.parameters()); lines.push(await told()); r = undefined; lines.push(await told());
       n.dispose(); lines.push(await told());`,
      '8 16 12 28 20 8 0',
    ],
    'and of samples, once, while they or an affinity of their bytes live': [
      `let s = new genmi.Samples({ data: new Uint8Array(30 * 2 ** 20), shape: [2 ** 15, 960] }); lines.push(await told());
       let k = Affinity.kernel(s, { kernel: 'linear' }); lines.push(await told()); s = undefined; lines.push(await told());
       k = undefined; lines.push(await told());`,
      '30 30 30 0',
    ],
    'while hops are made of it, and of the hops': [
      `let h = Affinity.hops(${make}, { neighbors: 3 }); lines.push(await told()); h = undefined; lines.push(await told());`,
      '17 0',
    ],
    'while an asynchronous call runs, whoever disposes of it': [
      `const a = ${make};
       const call = wasserstein({ mode: 'ova', affinity: a }).valueAsync(tau).then(() => 'done', (error) => error.code);
       await sleep(100); a.dispose(); lines.push(await told()); lines.push(await call); lines.push(await told());`,
      '69 done 0',
    ],
    // 4 N^2 bytes of distances. Of their costs 4 N^2 bytes are kept at first, and 2 N^2 more when they are used again.
    'and of what warm starts keep, once for an objective and its sum': [
      `const half = { data: x.data.slice(0, 3000), shape: [1500, 2] }, few = { data: tau.data.slice(0, 3000), shape: [1500, 2] };
       let o = wasserstein({ mode: 'ova', affinity: Affinity.distance(half, { metric: 'euclidean', precision: 'float32', storage: 'dense' }), warmStart: true });
       let sum = add(o, kl({ mode: 'ova' }));
       lines.push(await told()); o.value(few); lines.push(await told()); sum.value(few); lines.push(await told());
       o = undefined; lines.push(await told()); sum = undefined; lines.push(await told());`,
      '9 17 22 22 0',
    ],
  };
  it.each(Object.entries(cases))('%s', async (_, [steps, expected]) => {
    const { stdout, stderr, code } = await runWithFaults(program(steps), ['--expose-gc']);
    expect({ stdout, stderr, code }).toEqual({ stdout: `${expected}\n`, stderr: '', code: 0 });
  });
});

describe('thirty dropped matrices of 69 MB in one turn of the event loop', () => {
  const loop = (each: string) => `
    ${data}
    let most = 0;
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 30; i++) { ${each}; most = Math.max(most, process.memoryUsage().rss - before); }
    console.log(Math.round(most / ${MB}));`;
  const peak = async (each: string, nodeOptions: string[] = []) => {
    const { stdout, stderr, code } = await runProgram(loop(each), 120_000, nodeOptions);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    return Number(stdout);
  };
  it('never hold more than a gigabyte, even without a call of gc()', async () => {
    expect(await peak(make)).toBeLessThan(1000);
  });
  it('hold less than three, where garbage is collected after each', async () => {
    expect(await peak(`${make}; globalThis.gc()`, ['--expose-gc'])).toBeLessThan(3 * 69);
  });
  it('are freed where objectives held them', async () => {
    expect(await peak(`wasserstein({ mode: 'ova', affinity: ${make} })`)).toBeLessThan(1000);
  });
  it('are freed where solvers held them', async () => {
    expect(await peak(`new genmi.TransportSolver(${make})`)).toBeLessThan(1000);
  });
});
