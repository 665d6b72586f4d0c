/** Trainings that others have run: the same parameters, step by step, in float64. */
import { describe, expect, it } from 'vitest';
import { Affinity, mmd } from '../../src/index.js';
import { adam, Network, train } from '../../src/networks/index.js';
import { expectClose, expectNumber } from '../support/compare.js';

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
