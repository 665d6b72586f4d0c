/** Trainings of gemclus 1.1.1, through the estimator: from the same start to the same numbers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GeminiClusterer, type GeminiClustererOptions } from '../src/index.js';
import { expectClose } from './support/compare.js';

describe('the vectors of gemclus 1.1.1, step by step', () => {
  const x = [[0, 0], [1, 0.5], [3, -1], [-2, 2], [-1, 4]]; // biome-ignore format: a matrix
  const start = { 'head.weights': { data: [0.1, -0.2, 0.3, 0.05] }, 'head.bias': { data: [0.01, -0.02] } };
  const common = { clusters: 2, model: 'linear', start, precision: 'float64', learningRate: 0.01 } as const;
  const cases: [string, GeminiClustererOptions, number, number[], number, number?][] = [
    ['LinearModel', {}, 1, [0.10999999724429975, -0.20999999724429977, 0.29000000396379416, 0.059999996036205844], 1e-14, 0.200328498408],
    ['LinearModel', {}, 3, [0.13001497022673827, -0.2300149702267383, 0.2701660039076951, 0.07983399609230493], 1e-14, 0.320055633269],
    ['LinearModel', {}, 50, [0.4909908632, -0.5909908632, -0.090758264, 0.440758264], 2e-10, 1.69954543315],
    ['SparseLinearModel', { penalty: { groupLasso: 1 } }, 1, [0.10853267830462675, -0.20719875196241583, 0.28690331060556457, 0.05935930090972469], 1e-14],
    ['SparseLinearModel', { penalty: { groupLasso: 1 } }, 20, [0.2784710744009997, -0.36834770858351884, 0.07487517230942385, 0.2295279081572917], 1e-13],
    ['RIM', { model: 'rim' }, 3, [0.13003041274944652, -0.22995760663132372, 0.2699551052380094, 0.024312254110050422], 1e-14],
  ]; // biome-ignore format: a table

  it.each(cases)('%s %o after %i epochs', async (_, options, epochs, weights, tolerance, score) => {
    const model = await new GeminiClusterer({ ...common, ...options, epochs }).fit(x);
    expectClose(model.parameters['head.weights']?.data ?? [], weights, tolerance, 'weights');
    if (score !== undefined) expectClose([model.score(x)], [score], 1e-11, 'score');
    if (options.model === 'rim') {
      expectClose(model.parameters['head.bias']?.data ?? [], [-0.020015396188333347, 0.010015396188333347], 1e-14);
    }
  });
});

/** `numpy.random.RandomState(0).random_sample(count)`: the Mersenne Twister MT19937, 53 bits of two words. */
function uniforms(count: number): number[] {
  const state = new Uint32Array(624);
  for (let i = 1; i < 624; i++) {
    const before = state[i - 1] as number;
    state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
  }
  let at = 624;
  const word = () => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const y = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % 624] as number) & 0x7fffffff);
        state[i] = (state[(i + 397) % 624] as number) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return Array.from({ length: count }, () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53);
}

describe('gemclus on iris, with its defaults and random_state=0', () => {
  const text = readFileSync(new URL('./fixtures/data/iris.csv', import.meta.url), 'utf8');
  const x = text.trim().split('\n').slice(1).map((line) => line.split(',').slice(0, 4).map(Number)); // biome-ignore format: one line
  const drawn = uniforms(450);
  // W and b are uniform in +-1 / sqrt(4), logits in +-1.
  const around = (first: number, end: number, scale: number) => ({
    data: drawn.slice(first, end).map((u) => scale * (2 * u - 1)),
  });
  const linear = { model: 'linear', start: { 'head.weights': around(0, 12, 0.5), 'head.bias': around(12, 15, 0.5) } };
  const categorical = { model: 'categorical', start: { 'table.logits': around(0, 450, 1) } };

  it('draws what numpy draws', () => {
    expect(drawn.slice(0, 3)).toEqual([0.5488135039273248, 0.7151893663724195, 0.6027633760716439]);
  });

  it.each([
    ['LinearMMD', linear, 1.7048160115],
    ['RIM', { ...linear, model: 'rim' }, 0.4390485754],
    ['SparseLinearMMD', { ...linear, penalty: { groupLasso: 0.01 } }, 1.7040618744],
    ["CategoricalModel('mi')", { ...categorical, objective: 'mi' }, 0.6577369504],
    ['CategoricalMMD', categorical, 1.2117267518],
  ])('%s has the same score', async (_, options, score) => {
    const defaults = { clusters: 3, epochs: 1000, learningRate: 1e-3, precision: 'float64' } as const;
    const model = await new GeminiClusterer({ ...defaults, ...(options as GeminiClustererOptions) }).fit(x);
    expectClose([model.score(x)], [score], 1e-9);
  });
});
