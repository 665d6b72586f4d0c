/** Wrong parameters of losses on pairs of views, and the errors they give. */
import { describe, expect, it } from 'vitest';
import { iic, infoNce, ntXent } from '../../src/index.js';
import { native } from '../../src/native.js';
import { type ExpectedError, expectError, thrownBy } from '../support/errors.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

describe('the parameters of losses on pairs', () => {
  it.each<[string, () => unknown, ExpectedError]>([
    ['a negative lambda', () => iic({ lambda: -1 }), { code: range, argument: 'lambda', expected: '>= 0' }],
    ['lambda NaN', () => iic({ lambda: Number.NaN }), { code: range, argument: 'lambda', received: 'NaN' }],
    ['lambda as text', () => iic({ lambda: '1' } as Loose), { code: type, argument: 'lambda', received: "'1'" }],
    ['another name', () => iic({ lamb: 1 } as Loose), { code: type, argument: 'options.lamb', received: "'lamb'" }],
    ['temperature 0', () => ntXent({ temperature: 0 }), { code: range, argument: 'temperature', expected: '> 0' }],
    ['a negative one', () => ntXent({ temperature: -1 }), { code: range, argument: 'temperature', received: '-1' }],
    ['an infinite one', () => ntXent({ temperature: Infinity }), { code: range, argument: 'temperature' }],
    ['selfMask NaN', () => infoNce({ selfMask: Number.NaN }), { code: range, argument: 'selfMask', received: 'NaN' }],
    ['selfMask true', () => infoNce({ selfMask: true } as Loose), { code: type, argument: 'selfMask' }],
    ['null', () => iic(null as Loose), { code: type, argument: 'options', expected: 'an object' }],
  ])('%s', (_, call, error) => expectError(thrownBy(call), error));

  it('embeddings are no predictions', () => {
    const options = { from: 'logits' } as const;
    for (const loss of [ntXent(), infoNce()])
      expectError(
        thrownBy(() => loss.value([[1]], [[1]], options)),
        { code: type, argument: 'options.from' },
      );
  });

  it('rows of zeros have no direction', () => {
    const [zeros, other] = [
      [
        [1, 2],
        [0, 0],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ] as [number[][], number[][]];
    const error = { code: range, expected: 'rows with a direction', received: 'only zeros in row 1' };
    expectError(
      thrownBy(() => ntXent().value(zeros, other)),
      { ...error, argument: 'a' },
    );
    expectError(
      thrownBy(() => ntXent().value(other, zeros)),
      { ...error, argument: 'b' },
    );
  });

  it('locations have as many features as the other view', () => {
    expectError(
      thrownBy(() => infoNce().value([[1, 2]], [[1, 2, 3]])),
      { code: range, argument: 'b', expected: '1 rows of a multiple of 2 numbers', received: '1 x 3' },
    );
  });

  it('a batch that cannot fit is refused before the work begins', () => {
    const view = { data: new Float32Array(4e6), shape: [4e6, 1] as const };
    expectError(
      thrownBy(() => ntXent().value(view, view)),
      { code: 'ERR_OUT_OF_MEMORY', argument: 'ntXent(temperature 0.5) of two views of 4000000 x 1' },
    );
  });

  it('are refused by the core too', () => {
    const x = Float64Array.of(1, 0);
    const call = (name: string, ...rest: unknown[]) =>
      thrownBy(() => (native.pairLoss as Loose)(name, 1, false, x, 1, 2, ...rest));
    expectError(call('cic', x, 1, 2), { code: range, argument: 'loss', expected: 'a known name' });
    expectError(call('iic', x, 2, 1), { code: range, argument: 'b', expected: 'the shape of a' });
    expectError(call('iic', Float32Array.of(1, 0), 1, 2), { code: type, argument: 'b' });
    expectError(call('iic', x, 3, 2), { code: range, argument: 'b' });
    expect(call('iic', x, 1, 2)).toBeUndefined();
  });
});
