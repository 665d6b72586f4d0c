/** Wrong parameters of losses on pairs of views, and the errors they give. */
import { describe, expect, it } from 'vitest';
import { iic } from '../../src/index.js';
import { native } from '../../src/native.js';
import { type ExpectedError, expectError, thrownBy } from '../support/errors.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

describe('the parameters of losses on pairs', () => {
  it.each<[string, () => unknown, ExpectedError]>([
    ['a negative lambda', () => iic({ lambda: -1 }), { code: range, argument: 'lambda', expected: '>= 0' }],
    ['lambda NaN', () => iic({ lambda: Number.NaN }), { code: range, argument: 'lambda', received: 'NaN' }],
    ['lambda as text', () => iic({ lambda: '1' } as Loose), { code: type, argument: 'lambda', received: "'1'" }],
    ['another name', () => iic({ lamb: 1 } as Loose), { code: type, argument: 'options.lamb', received: "'lamb'" }],
    ['null', () => iic(null as Loose), { code: type, argument: 'options', expected: 'an object' }],
  ])('%s', (_, call, error) => expectError(thrownBy(call), error));

  it('are refused by the core too', () => {
    const x = Float64Array.of(1, 0);
    const call = (name: string, ...rest: unknown[]) =>
      thrownBy(() => (native.pairLoss as Loose)(name, 1, false, x, 1, 2, ...rest));
    expectError(call('cic', x, 1, 2), { code: range, argument: 'loss', received: "'cic'" });
    expectError(call('iic', x, 2, 1), { code: range, argument: 'b', expected: 'the shape of a' });
    expectError(call('iic', Float32Array.of(1, 0), 1, 2), { code: type, argument: 'b' });
    expectError(call('iic', x, 3, 2), { code: range, argument: 'b' });
    expect(call('iic', x, 1, 2)).toBeUndefined();
  });
});
