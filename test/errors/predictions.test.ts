/** Wrong predictions, rows and options of an evaluation, and the errors they give. */
import { describe, expect, it } from 'vitest';
import { Affinity, add, kl, type Matrix, mmd, type Objective, wasserstein } from '../../src/index.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { probabilities, random } from '../support/random.js';
import {
  distance,
  type Loose,
  matrixErrors,
  n,
  objectives,
  range,
  tau,
  type,
  type Wrong,
  x,
} from '../support/wrong-inputs.js';

const next = random(14);

describe.each(Object.entries(objectives))('predictions of %s', (_, objective) => {
  const wrong: Wrong[] = [
    ...matrixErrors('predictions'),
    ['no rows', [], { code: range, argument: 'predictions', expected: 'at least one row', received: '0 x 0' }],
    ['no columns', [[], []], { code: range, argument: 'predictions', received: '2 x 0' }],
    [
      'NaN',
      { data: tau.data.with(7, Number.NaN), shape: [n, 3] },
      { code: range, argument: 'predictions', expected: 'finite', received: 'at row 2, column 1' },
    ],
    [
      'infinity',
      { data: tau.data.with(3, Number.NEGATIVE_INFINITY), shape: [n, 3] },
      { code: range, argument: 'predictions', expected: 'finite', received: 'at row 1, column 0' },
    ],
  ];

  it.each(wrong)('%s', async (_what, value, error) => {
    const calls = objective as Loose;
    expectError(
      thrownBy(() => calls.value(value)),
      error,
    );
    expectError(
      thrownBy(() => calls.valueAndGrad(value)),
      error,
    );
    expectError(
      thrownBy(() => calls.valueAndGrad(value, { from: 'logits' })),
      error,
    );
    expectError(await rejectionOf(() => calls.valueAsync(value)), error);
    expectError(await rejectionOf(() => calls.valueAndGradAsync(value)), error);
  });

  it.each<[string, unknown, ExpectedError]>([
    ['that are none', 3, { code: type, argument: 'options', expected: 'an object', received: '3' }],
    [
      'unknown',
      { form: 'logits' },
      { code: type, argument: 'options.form', expected: 'from, rows, clip, epsilon, out', received: "'form'" },
    ],
    [
      'from elsewhere',
      { from: 'logit' },
      { code: range, argument: 'from', expected: "'probabilities', 'logits'", received: "'logit'" },
    ],
    ['from a number', { from: 1 }, { code: type, argument: 'from', received: '1' }],
    [
      'another clip',
      { clip: 'hard' },
      { code: range, argument: 'clip', expected: "'fused', 'mask'", received: "'hard'" },
    ],
    ['epsilon 0', { epsilon: 0 }, { code: range, argument: 'epsilon', expected: '(0, 0.5)', received: '0' }],
    ['epsilon 0.5', { epsilon: 0.5 }, { code: range, argument: 'epsilon', expected: '(0, 0.5)', received: '0.5' }],
    ['epsilon -1', { epsilon: -1 }, { code: range, argument: 'epsilon', received: '-1' }],
    ['epsilon NaN', { epsilon: Number.NaN }, { code: range, argument: 'epsilon', received: 'NaN' }],
    [
      'epsilon as text',
      { epsilon: '1e-9' },
      { code: type, argument: 'epsilon', expected: 'a number', received: "'1e-9'" },
    ],
    [
      'rows of text',
      { rows: 'all' },
      { code: type, argument: 'rows', expected: 'an Int32Array or an array of integers', received: "'all'" },
    ],
    ['rows of floats', { rows: new Float32Array(n) }, { code: type, argument: 'rows', received: 'Float32Array(8)' }],
    [
      'a row that is no number',
      { rows: [0, '1'] },
      { code: type, argument: 'rows[1]', expected: 'an integer', received: "'1'" },
    ],
    ['half a row', { rows: [0, 0.5] }, { code: range, argument: 'rows[1]', expected: 'an integer', received: '0.5' }],
    ['a row beyond int32', { rows: [2 ** 31] }, { code: range, argument: 'rows[0]', received: '2147483648' }],
  ])('options %s', async (_what, options, error) => {
    const calls = objective as Loose;
    expectError(
      thrownBy(() => calls.value(tau, options)),
      error,
    );
    expectError(
      thrownBy(() => calls.valueAndGrad(tau, options)),
      error,
    );
    if (typeof options === 'object') {
      expectError(await rejectionOf(() => calls.valueAsync(tau, options)), error);
      expectError(await rejectionOf(() => calls.valueAndGradAsync(tau, options)), error);
    }
  });

  it.each<[string, unknown, ExpectedError]>([
    ['too short', new Float64Array(23), { code: range, argument: 'out', expected: '24 numbers', received: '23' }],
    ['too long', new Float32Array(25), { code: range, argument: 'out', expected: '24 numbers', received: '25' }],
    [
      'integers',
      new Int32Array(24),
      { code: type, argument: 'out', expected: 'Float32Array or Float64Array', received: 'Int32Array(24)' },
    ],
    ['an array', [], { code: type, argument: 'out', received: 'an array of length 0' }],
    [
      'the predictions',
      tau.data,
      { code: range, argument: 'out', expected: 'memory of its own', received: 'predictions' },
    ],
  ])('out that is %s', async (_what, out, error) => {
    const calls = objective as Loose;
    expectError(
      thrownBy(() => calls.valueAndGrad(tau, { out })),
      error,
    );
    expectError(await rejectionOf(() => calls.valueAndGradAsync(tau, { out })), error);
  });

  it('out that overlaps the predictions', () => {
    const memory = new Float64Array(40);
    const inside: Matrix = { data: memory.subarray(0, 24), shape: [n, 3] };
    const error = { code: range, argument: 'out', expected: 'memory of its own' };
    expectError(
      thrownBy(() => objective.valueAndGrad(inside, { out: memory.subarray(16, 40) })),
      error,
    );
  });

  it('a signal of another type', async () => {
    const calls = objective as Loose;
    const error = { code: type, argument: 'signal', expected: 'an AbortSignal', received: "'stop'" };
    expectError(await rejectionOf(() => calls.valueAsync(tau, { signal: 'stop' })), error);
    expectError(await rejectionOf(() => calls.valueAndGradAsync(tau, { signal: 'stop' })), error);
  });

  it.each([
    [0, 3],
    [8, 0],
    [-1, 3],
    [1.5, 3],
    [Number.NaN, 3],
    ['8', 3],
  ])('an estimate for %s x %s', (rows, columns) => {
    const error = thrownBy(() => (objective as Loose).estimate(rows, columns));
    expect(error).toMatchObject({ code: typeof rows === 'string' ? type : range });
    expect((error as Error).message).toMatch(/^[nk]: expected an integer.*, received /);
  });
});

describe.each(['mmd', 'wasserstein', 'sum'] as const)('rows of %s', (name) => {
  const objective = objectives[name] as Objective;
  const three = probabilities(next, 3, 3);

  it.each<[string, Matrix, number[] | Int32Array | undefined, ExpectedError]>([
    [
      'missing for a mini-batch',
      three,
      undefined,
      { code: range, argument: 'predictions', expected: '8 rows', received: '3' },
    ],
    ['too few', three, [0, 1], { code: range, argument: 'rows', expected: '3 indices', received: '2' }],
    [
      'too many',
      three,
      Int32Array.of(0, 1, 2, 3),
      { code: range, argument: 'rows', expected: '3 indices', received: '4' },
    ],
    ['none', three, [], { code: range, argument: 'rows', expected: '3 indices', received: '0' }],
    ['negative', three, [0, -1, 2], { code: range, argument: 'rows', expected: '[0, 8)', received: '-1 at index 1' }],
    [
      'beyond the last',
      three,
      Int32Array.of(0, 1, 8),
      { code: range, argument: 'rows', expected: '[0, 8)', received: '8 at index 2' },
    ],
  ])('%s', async (_what, predictions, rows, error) => {
    const options = rows === undefined ? {} : { rows };
    expectError(
      thrownBy(() => objective.value(predictions, options)),
      error,
    );
    expectError(
      thrownBy(() => objective.valueAndGrad(predictions, options)),
      error,
    );
    expectError(await rejectionOf(() => objective.valueAsync(predictions, options)), error);
    expectError(await rejectionOf(() => objective.valueAndGradAsync(predictions, options)), error);
  });
});

describe('nothing is half written', () => {
  const calls: [string, Objective, Matrix, object][] = [
    ['NaN', objectives.mmd as Objective, { data: tau.data.with(23, Number.NaN), shape: [n, 3] }, {}],
    ['a row out of range', objectives.mmd as Objective, tau, { rows: [0, 1, 2, 3, 4, 5, 6, 99] }],
    ['a wrong epsilon', objectives.kl as Objective, tau, { epsilon: 7 }],
    [
      'a pair out of range',
      wasserstein({
        mode: 'ovo',
        affinity: distance,
        pairs: [
          [0, 1],
          [0, 5],
        ],
      }),
      tau,
      {},
    ],
  ];

  it.each(calls)('when %s is an error', async (_, objective, predictions, options) => {
    const out = new Float64Array(24).fill(42);
    const untouched = Float64Array.from(out);
    expect(thrownBy(() => objective.valueAndGrad(predictions, { ...options, out }))).toBeInstanceOf(Error);
    expect(out).toEqual(untouched);
    expect(await rejectionOf(() => objective.valueAndGradAsync(predictions, { ...options, out }))).toBeInstanceOf(
      Error,
    );
    expect(out).toEqual(untouched);
  });

  it('when the last term of a sum fails', () => {
    const affinity = Affinity.kernel(x, { kernel: 'rbf' });
    const sum = add(kl({ mode: 'ova' }), mmd({ mode: 'ova', affinity }));
    affinity.dispose();
    const out = new Float64Array(24).fill(42);
    expect(thrownBy(() => sum.valueAndGrad(tau, { out }))).toMatchObject({ code: 'ERR_DISPOSED' });
    expect(out).toEqual(new Float64Array(24).fill(42));
  });
});
