/** Twenty steps in torch and here, in float64: networks with and without batch normalisation, each optimiser. */
import { describe, expect, it } from 'vitest';
import { kl } from '../../src/index.js';
import { adam, Network, rmsprop, sgd, train } from '../../src/networks/index.js';
import { expectClose, expectNumber } from '../support/compare.js';
import { fixture } from '../support/fixtures.js';

interface Case {
  normalized: boolean;
  rule: 'adam' | 'sgd' | 'rmsprop';
  batch: number;
  decay: boolean;
  start: Record<string, number[]>;
  values: number[];
  end: Record<string, number[]>;
  logits: number[];
}
const data = fixture<{ n: number; inputs: number; x: number[]; cases: Case[] }>('networks/torch.json');
const { n, inputs, x } = data;
/** Momentum holds the learning rates of past steps here, as in scikit-learn. Where these change, torch's differs. */
const cases = data.cases.filter(({ rule, decay }) => !(rule === 'sgd' && decay));
const objective = kl({ mode: 'ova' });
const rules = {
  adam: (decay: 'constant' | 'linear') => adam({ learningRate: 0.01, epsilonOf: 'torch', decay }),
  sgd: (decay: 'constant' | 'linear') => sgd({ learningRate: 0.1, decay }),
  rmsprop: (decay: 'constant' | 'linear') => rmsprop({ learningRate: 0.01, decay }),
};

function start({ normalized, start }: Case): Network {
  const network = Network.dense({
    inputs,
    layers: [
      { width: 6, activation: 'relu', batchNormalization: normalized },
      { width: 5, activation: 'tanh', batchNormalization: normalized },
    ],
    outputs: 3,
    precision: 'float64',
  });
  network.load(Object.fromEntries(Object.entries(start).map(([name, data]) => [name, { data }])));
  return network;
}

function rowsOf(rows: readonly number[]) {
  return {
    data: Float64Array.from(rows.flatMap((row) => x.slice(row * inputs, (row + 1) * inputs))),
    shape: [rows.length, inputs] as const,
  };
}
const everything = rowsOf(Array.from({ length: n }, (_, i) => i));

function expectEnd(network: Network, { end, logits }: Case) {
  const parameters = network.parameters();
  expect(Object.keys(parameters).sort()).toEqual(Object.keys(end).sort());
  for (const [name, numbers] of Object.entries(end)) expectClose(parameters[name]?.data ?? [], numbers, 1e-9, name, 1);
  expectClose(network.logits(everything).data, logits, 1e-9, 'logits');
}
const title = ({ normalized, rule, batch, decay }: Case) =>
  `${rule}, ${batch} samples a step${normalized ? ', normalised' : ''}${decay ? ', decaying' : ''}`;

describe('a loop that JavaScript runs', () => {
  it.each(cases.filter(({ decay }) => !decay).map((each) => [title(each), each] as const))('%s', (_, each) => {
    const network = start(each);
    const optimizer = rules[each.rule]('constant');
    for (const [step, expected] of each.values.entries()) {
      const batch = rowsOf(Array.from({ length: each.batch }, (_, i) => (step * each.batch + i) % n));
      const { value, gradient } = objective.valueAndGrad(network.forward(batch), { from: 'logits' });
      expectNumber(value, expected, 1e-9, `step ${step}`, 1);
      network.backward(gradient);
      optimizer.step(network);
    }
    expectEnd(network, each);
  });
});

describe('train()', () => {
  it.each(cases.filter(({ batch }) => batch === n).map((each) => [title(each), each] as const))(
    '%s',
    async (_, each) => {
      const network = start(each);
      const optimizer = rules[each.rule](each.decay ? 'linear' : 'constant');
      const { history } = await train(network, { data: everything, objective, epochs: each.values.length, optimizer });
      expectClose(
        history.map((epoch) => epoch.objective),
        each.values,
        1e-9,
        'values',
        1,
      );
      expectEnd(network, each);
    },
  );
});
