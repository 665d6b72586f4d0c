/** Trainings that others have run: the same parameters, step by step, in float64. */
import { describe, expect, it } from 'vitest';
import { Affinity, mi, mmd, type Objective } from '../../src/index.js';
import { adam, Network, type Penalties, train } from '../../src/networks/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { fixture } from '../support/fixtures.js';

describe("gemclus' LinearModel", () => {
  // Source: gemclus 1.1.1, MMD one-vs-all with a linear kernel, full batch, Adam with a learning rate of 0.01.
  const x = [
    [0, 0],
    [1, 0.5],
    [3, -1],
    [-2, 2],
    [-1, 4],
  ];
  const objective = mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) });
  const start = { 'head.weights': { data: [0.1, -0.2, 0.3, 0.05] }, 'head.bias': { data: [0.01, -0.02] } };
  const network = () => {
    const made = Network.linear({ inputs: 2, outputs: 2, precision: 'float64' });
    made.load(start);
    return made;
  };
  const optimizer = () => adam({ learningRate: 0.01 });
  const cases: [epochs: number, weights: number[], score: number, digits: number][] = [
    [1, [0.10999999724429975, -0.20999999724429977, 0.29000000396379416, 0.059999996036205844], 0.200328498408, 1e-14],
    [3, [0.13001497022673827, -0.2300149702267383, 0.2701660039076951, 0.07983399609230493], 0.320055633269, 1e-14],
    [50, [0.4909908632, -0.5909908632, -0.090758264, 0.440758264], 1.69954543315, 2e-10],
  ];

  it.each(cases)('after %i steps', async (epochs, weights, score, tolerance) => {
    const trained = network();
    const run = await train(trained, { data: x, objective, epochs, optimizer: optimizer() });
    expect(run.stopped).toBe('finished');
    expect(run.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: epochs }, (_, i) => i + 1));
    const { 'head.weights': learned, 'head.bias': bias } = trained.parameters();
    expectClose(learned?.data ?? [], weights, tolerance, 'weights');
    if (epochs === 1) expectClose(bias?.data ?? [], [1.5326349039e-7, -0.01000015326349], 1e-12, 'bias');
    expectNumber(objective.value(trained.logits(x), { from: 'logits' }), score, 1e-11, 'score');
  });

  it.each(cases)('after %i steps of a loop that JavaScript runs', (steps, weights, score, tolerance) => {
    const trained = network();
    const rule = optimizer();
    for (let step = 0; step < steps; step++) {
      const { gradient } = objective.valueAndGrad(trained.forward(x), { from: 'logits' });
      trained.backward(gradient);
      rule.step(trained);
    }
    expectClose(trained.parameters()['head.weights']?.data ?? [], weights, tolerance, 'weights');
    expectNumber(objective.value(trained.logits(x), { from: 'logits' }), score, 1e-11, 'score');
  });
});

describe('gemclus on iris, with its defaults and random_state=0', () => {
  // Source: gemclus 1.1.1, to ten decimals. 1000 epochs of all samples, Adam with a learning rate of 0.001.
  const { sets } = fixture<{ sets: { name: string; x: number[] }[] }>('peers/data.json');
  const iris = sets.find(({ name }) => name === 'iris')?.x as number[];
  const x = { data: Float64Array.from(iris), shape: [150, 4] as const };
  // numpy.random.RandomState(0).random_sample(15): W and b are uniform in +-1 / sqrt(4).
  const uniforms = [
    0.5488135039273248, 0.7151893663724195, 0.6027633760716439, 0.5448831829968969, 0.4236547993389047,
    0.6458941130666561, 0.4375872112626925, 0.8917730007820798, 0.9636627605010293, 0.3834415188257777,
    0.7917250380826646, 0.5288949197529045, 0.5680445610939323, 0.925596638292661, 0.07103605819788694,
  ];
  const start = uniforms.map((u) => 0.5 * (2 * u - 1));
  const linearMmd = mmd({ mode: 'ova', affinity: Affinity.kernel(x, { kernel: 'linear' }) });

  it.each([
    ['LinearMMD', linearMmd, {}, 1.7048160115],
    ['SparseLinearMMD', linearMmd, { groupLasso: 0.01 }, 1.7040618744],
    ['RIM', mi(), { l2: 0.1 }, 0.4390485754],
  ] as [string, Objective, Penalties, number][])('%s has the same score', async (_, objective, penalty, score) => {
    const network = Network.linear({ inputs: 4, outputs: 3, precision: 'float64' });
    network.load({ 'head.weights': { data: start.slice(0, 12) }, 'head.bias': { data: start.slice(12) } });
    await train(network, { data: x, objective, epochs: 1000, optimizer: adam(), penalty });
    expectNumber(objective.value(network.logits(x), { from: 'logits' }), score, 1e-10, 'score', 1);
  });
});
