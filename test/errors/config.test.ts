/** Wrong settings, and the errors they give. */
import { describe, expect, it } from 'vitest';
import { config, info } from '../../src/index.js';
import { native } from '../../src/native.js';
import { type ExpectedError, expectError, thrownBy } from '../support/errors.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

const foreignIsa = process.arch === 'arm64' ? 'avx2' : 'neon';

it.each([2 ** 53, 1025, 0, -1, 1.5, Number.NaN, '2'])('the addon takes no %s threads', (threads) => {
  const before = native.settings().threads;
  const solver = new native.Solver(Float64Array.of(1, 2), 1, 2);
  const solve = (options: Loose) =>
    solver.solveMany(Float64Array.of(1), Float64Array.of(0.5, 0.5), 1, true, options, new Float64Array(7), null, null);
  for (const call of [() => native.settings(undefined, threads as number), () => solve({ threads })])
    expectError(thrownBy(call), { code: range, argument: 'threads' });
  expect(native.settings().threads).toBe(before);
});

describe('config', () => {
  it.each<[string, unknown, ExpectedError]>([
    ['nothing', undefined, { code: type, argument: 'options', received: 'undefined' }],
    [
      'threads 0',
      { threads: 0 },
      { code: range, argument: 'threads', expected: 'an integer in [1, 1024]', received: '0' },
    ],
    ['threads as text', { threads: '2' }, { code: type, argument: 'threads', received: "'2'" }],
    ['an unknown option', { gpu: true }, { code: type, argument: 'options.gpu', received: "'gpu'" }],
    [
      'an unknown device',
      { device: 'tpu' },
      { code: range, argument: 'device', expected: "'cuda'", received: "'tpu'" },
    ],
    [
      'a device that is not there',
      { device: 'cuda' },
      { code: 'ERR_BACKEND_UNAVAILABLE', argument: 'device', expected: 'a device that CUDA finds' },
    ],
    [
      'no memory of the device',
      { deviceMemory: 0 },
      { code: range, argument: 'deviceMemory', expected: 'an integer in [1, 9007199254740991]', received: '0' },
    ],
    ['half a byte', { deviceMemory: 1.5 }, { code: range, argument: 'deviceMemory', received: '1.5' }],
    ['memory as text', { deviceMemory: '1 GB' }, { code: type, argument: 'deviceMemory', received: "'1 GB'" }],
    ['an unknown instruction set', { isa: 'sse9' }, { code: range, argument: 'isa', received: "'sse9'" }],
    [
      "another processor's instruction set",
      { isa: foreignIsa },
      {
        code: 'ERR_BACKEND_UNAVAILABLE',
        argument: 'isa',
        expected: 'one that this processor has',
        received: `'${foreignIsa}'`,
      },
    ],
  ])('%s, and nothing changes', (_what, options, error) => {
    const before = info();
    expectError(
      thrownBy(() => config(options as Loose)),
      error,
    );
    if (typeof options === 'object') {
      expectError(
        thrownBy(() => config({ threads: 7, device: 'cpu', isa: 'baseline', ...options } as Loose)),
        error,
      );
    }
    expect(info()).toEqual(before);
  });

  it('sets what is given', () => {
    const { threads } = info();
    config({ threads: 3, device: 'auto', isa: 'auto' });
    expect(info()).toMatchObject({ threads: 3, device: 'cpu', deviceReason: expect.stringMatching(/cuda/i) });
    config({ device: 'cpu' });
    expect(info()).toMatchObject({ threads: 3, device: 'cpu', deviceReason: "config({ device: 'cpu' }) chose it" });
    config({ threads, device: 'auto' });
  });
});
