/** Wrong images and options of perturbations, and the errors they give. */
import { describe, expect, it } from 'vitest';
import { native } from '../../src/native.js';
import { affine, affineAsync, elastic, elasticAsync } from '../../src/perturbations/index.js';
import { type ExpectedError, expectError, rejectionOf, thrownBy } from '../support/errors.js';
import { type Loose, range, type } from '../support/wrong-inputs.js';

const images = { data: new Float32Array(24).map((_, i) => i), shape: [2, 3, 4] as const };
const bytes = { data: new Uint8Array(24), shape: [2, 3, 4] as const };
const shaped = (shape: unknown) => ({ data: images.data, shape });
const withNumber = (at: number, number: number) => ({
  data: images.data.map((each, i) => (i === at ? number : each)),
  shape: images.shape,
});

const wrongImages: [what: string, images: unknown, error: ExpectedError][] = [
  ['undefined', undefined, { code: type, argument: 'images', expected: '{ data, shape }', received: 'undefined' }],
  ['null', null, { code: type, argument: 'images', received: 'null' }],
  ['a bare array', images.data, { code: type, argument: 'images', received: 'Float32Array(24)' }],
  [
    'float64',
    { data: new Float64Array(24), shape: [2, 3, 4] },
    { code: type, argument: 'images.data', received: 'Float64Array(24); convert' },
  ],
  ['a plain array', { data: [1], shape: [1, 1, 1] }, { code: type, argument: 'images.data', received: 'an array' }],
  [
    'a matrix',
    shaped([6, 4]),
    { code: range, argument: 'images.shape', expected: '[count, height, width]', received: '[6, 4]' },
  ],
  ['five sizes', shaped([2, 3, 4, 1, 1]), { code: range, argument: 'images.shape', received: '[2, 3, 4, 1, 1]' }],
  ['a text as shape', shaped('2x3x4'), { code: range, argument: 'images.shape', received: "'2x3x4'" }],
  ['a negative size', shaped([2, -3, -4]), { code: range, argument: 'images.shape[1]', received: '-3' }],
  ['half a size', shaped([2, 1.5, 8]), { code: range, argument: 'images.shape[1]', received: '1.5' }],
  ['a size as text', shaped([2, '3', 4]), { code: type, argument: 'images.shape[1]', received: "'3'" }],
  [
    'another shape',
    shaped([2, 3, 5]),
    { code: range, argument: 'images.data', expected: '30 numbers', received: '24' },
  ],
  [
    'sizes that overflow',
    shaped([2 ** 40, 2 ** 40, 2 ** 40]),
    { code: range, argument: 'images.data', received: '24' },
  ],
  [
    'sizes that overflow to the length',
    shaped([2 ** 53 - 1, 2 ** 53 - 1, 0]),
    { code: range, argument: 'images.data' },
  ],
  [
    'no images',
    { data: new Float32Array(0), shape: [0, 3, 4] },
    { code: range, argument: 'images', expected: 'at least one image', received: 'none' },
  ],
  [
    'no pixels',
    { data: new Float32Array(0), shape: [2, 0, 4] },
    { code: range, argument: 'images', expected: 'at least one image', received: 'none' },
  ],
  [
    'no channels',
    { data: new Uint8Array(0), shape: [2, 3, 4, 0] },
    { code: range, argument: 'images', expected: 'at least one image' },
  ],
  [
    'NaN',
    withNumber(17, Number.NaN),
    { code: range, argument: 'images', expected: 'finite intensities', received: 'NaN in image 1 at row 1, column 1' },
  ],
  [
    'infinity',
    withNumber(0, -Infinity),
    { code: range, argument: 'images', received: '-Infinity in image 0 at row 0, column 0' },
  ],
  [
    '2e38',
    withNumber(23, 2e38),
    { code: range, argument: 'images', expected: 'at most 1e38', received: 'in image 1 at row 2, column 3' },
  ],
  ['a scale that is no number', { ...bytes, scale: '1' }, { code: type, argument: 'images.scale', received: "'1'" }],
  [
    'an infinite offset',
    { ...bytes, offset: Infinity },
    { code: range, argument: 'images.offset', received: 'Infinity' },
  ],
  ['bytes that stand for 2e38', { ...bytes, offset: 2e38 }, { code: range, argument: 'images', received: '2e+38' }],
];

const wrongOptions: [what: string, options: unknown, error: ExpectedError][] = [
  ['null', null, { code: type, argument: 'options', received: 'null' }],
  ['another name', { angle: 3 }, { code: type, argument: 'options.angle', received: "'angle'" }],
  ['a seed of 2^53', { seed: 2 ** 53 }, { code: range, argument: 'seed' }],
  ['a negative seed', { seed: -1 }, { code: range, argument: 'seed', received: '-1' }],
  [
    'a probability of 2',
    { probability: 2 },
    { code: range, argument: 'probability', expected: '[0, 1]', received: '2' },
  ],
  [
    'another border',
    { outside: 'wrap' },
    { code: range, argument: 'outside', expected: "'edge' or", received: "'wrap'" },
  ],
  ['NaN outside', { outside: Number.NaN }, { code: range, argument: 'outside', received: 'NaN' }],
  ['true outside', { outside: true }, { code: type, argument: 'outside', received: 'true' }],
  [
    'a row that is not there',
    { rows: [0, 2] },
    { code: range, argument: 'rows', expected: '[0, 2)', received: '2 at index 1' },
  ],
  ['a negative row', { rows: Int32Array.of(-1) }, { code: range, argument: 'rows', received: '-1 at index 0' }],
  ['half a row', { rows: [0.5] }, { code: range, argument: 'rows[0]', received: '0.5' }],
  ['no rows', { rows: [] }, { code: range, argument: 'images', expected: 'at least one image', received: 'none' }],
  [
    'a short array',
    { out: new Float32Array(23) },
    { code: range, argument: 'out', expected: '24 numbers', received: '23' },
  ],
  ['a float64 array', { out: new Float64Array(24) }, { code: type, argument: 'out', received: 'Float64Array(24)' }],
  ['the images as out', { out: images.data }, { code: range, argument: 'out', received: 'that of images' }],
];

describe.each([
  ['affine', affine, affineAsync],
  ['elastic', elastic, elasticAsync],
] as const)('%s refuses', (_, now, later) => {
  it.each(wrongImages)('%s as images', async (_, wrong, error) => {
    expectError(
      thrownBy(() => now(wrong as Loose, {})),
      error,
    );
    expectError(await rejectionOf(() => later(wrong as Loose, {})), error);
  });
  it.each(wrongOptions)('%s as options', async (_, wrong, error) => {
    expectError(
      thrownBy(() => now(images, wrong as Loose)),
      error,
    );
    expectError(await rejectionOf(() => later(images, wrong as Loose)), error);
  });
  it('images of which none is asked for do not matter', async () => {
    const second = withNumber(17, Number.NaN);
    expect(now(second, { rows: [0], probability: 0 }).data).toEqual(images.data.subarray(0, 12));
    expect((await later(second, { rows: [0], probability: 0 })).data).toEqual(images.data.subarray(0, 12));
  });
  it('leaves out as it was', () => {
    const out = new Float32Array(24).fill(7);
    expect(thrownBy(() => now(withNumber(23, Number.NaN), { out }))).toBeInstanceOf(RangeError);
    expect(out).toEqual(new Float32Array(24).fill(7));
  });
});

describe('maps', () => {
  it.each<[string, () => unknown, ExpectedError]>([
    [
      'a rotation of 361',
      () => affine(images, { rotation: 361 }),
      { code: range, argument: 'rotation', expected: '[0, 360]' },
    ],
    ['a negative reach', () => affine(images, { rotation: -5 }), { code: range, argument: 'rotation', received: '-5' }],
    [
      'bounds in the wrong order',
      () => affine(images, { rotation: [5, -5] }),
      { code: range, argument: 'rotation', received: '[5, -5]' },
    ],
    [
      'one bound',
      () => affine(images, { rotation: [5] as Loose }),
      { code: range, argument: 'rotation', received: 'length 1' },
    ],
    [
      'a bound that is none',
      () => affine(images, { shift: [0, '1'] as Loose }),
      { code: type, argument: 'shift[1]', received: "'1'" },
    ],
    ['a shift of 2', () => affine(images, { shift: 2 }), { code: range, argument: 'shift', expected: '[0, 1]' }],
    [
      'a factor of 0',
      () => affine(images, { scale: [0, 1] }),
      { code: range, argument: 'scale[0]', expected: '[0.01, 100]' },
    ],
    [
      'a factor down to 0',
      () => affine(images, { scale: 1 }),
      { code: range, argument: 'scale', expected: '[0, 0.99]' },
    ],
    ['a shear of 90', () => affine(images, { shear: 90 }), { code: range, argument: 'shear', expected: '[0, 80]' }],
    ['NaN', () => affine(images, { shear: Number.NaN }), { code: range, argument: 'shear', received: 'NaN' }],
    [
      'a negative amplitude',
      () => elastic(images, { amplitude: -1 }),
      { code: range, argument: 'amplitude', expected: '[0, 1000000]' },
    ],
    ['a sigma of 101', () => elastic(images, { sigma: 101 }), { code: range, argument: 'sigma', expected: '[0, 100]' }],
    [
      'a sigma as text',
      () => elastic(images, { sigma: '2' as Loose }),
      { code: type, argument: 'sigma', received: "'2'" },
    ],
  ])('refuse %s', (_, call, error) => expectError(thrownBy(call), error));

  it('are refused by the core too', () => {
    const call = ({
      map = 'affine',
      numbers = [1, 1, 1, 1, 1, 1, 1, 1],
      data = images.data as Loose,
      sizes = [2, 3, 4, 1],
      rows = null as Loose,
      out = new Float32Array(24) as Loose,
    }) =>
      thrownBy(() =>
        (native.perturb as Loose)(map, data, ...sizes, 1, 0, rows, 1, null, 0, out, null, null, ...numbers),
      );
    expect(call({})).toBeUndefined();
    const maps = "'affine', or 'elastic' with a sigma in [0, 100]";
    expectError(call({ map: 'swirl' }), { code: range, argument: 'map', expected: maps });
    for (const sigma of [-1, 101])
      expectError(call({ map: 'elastic', numbers: [1, sigma] }), { code: range, argument: 'map', expected: maps });
    for (const wrong of [Number.NaN, Infinity, 2e6])
      expectError(call({ numbers: [wrong] }), { code: range, argument: 'map', expected: 'at most 1e6' });
    expectError(call({ numbers: ['1'] as Loose }), { code: type, argument: 'map' });
    expectError(call({ data: new Float64Array(24) }), { code: type, argument: 'images' });
    expectError(call({ sizes: [2 ** 32, 2 ** 32, 1, 1] }), { code: range, argument: 'images' });
    expectError(call({ sizes: [2, 3, 5, 1] }), { code: range, argument: 'images', expected: '30 numbers' });
    expectError(call({ sizes: [0, 3, 4, 1], data: new Float32Array(0), rows: Int32Array.of(0, 1) }), {
      code: range,
      argument: 'images',
    });
    expectError(call({ rows: Int32Array.of(0, 2) }), { code: range, argument: 'rows' });
    expectError(call({ out: new Float64Array(24) }), { code: type, argument: 'out' });
    // Factors of 0, and nothing that is a number: every place is one of the image or beside it.
    expect(call({ numbers: [] })).toBeUndefined();
  });

  it('are refused by the core too, as projections', () => {
    const call = ({
      arrays = [new Float64Array(24).fill(1 / 12), new Float64Array(24)] as Loose[],
      sizes = [2, 1, 3, 4],
      ball = [2, 1, 1000],
      limits = [1e-3, 9] as Loose[],
      out = new Float64Array(28) as Loose,
    }) => thrownBy(() => (native.project as Loose)(...arrays, ...sizes, ...ball, ...limits, out));
    expect(call({})).toBeUndefined();
    expect(call({ limits: [null, null], out: new Float64Array(24) })).toBeUndefined();
    const centers = new Float64Array(24);
    expectError(call({ arrays: [centers, new Float32Array(24)] }), { code: type, argument: 'images' });
    expectError(call({ arrays: [centers, new Float64Array(23)] }), { code: range, argument: 'images' });
    expectError(call({ sizes: [2, 1, 3, 5], out: new Float64Array(34) }), {
      code: range,
      argument: 'images',
      expected: '30 numbers',
    });
    expectError(call({ sizes: [0, 1, 3, 4], arrays: [new Float64Array(0), new Float64Array(0)] }), {
      code: range,
      argument: 'out',
    });
    expectError(call({ sizes: [2, 2 ** 31, 2 ** 31, 1] }), { code: range, argument: 'images' });
    for (const ball of [
      [5, 1, 1000],
      [2, 0, 1000],
      [2, 1, Number.NaN],
    ])
      expectError(call({ ball }), { code: range, argument: 'reach, cost and lambda' });
    expectError(call({ ball: [2 ** 40, 1, 1] }), { code: range, argument: 'images' });
    expectError(call({ out: new Float64Array(24) }), { code: range, argument: 'out', expected: '28 numbers' });
    expectError(call({ out: new Float32Array(28) }), { code: type, argument: 'out' });
    // Whatever the numbers are, the iteration ends.
    for (const wrong of [Number.NaN, Infinity, -Infinity, 0])
      expect(call({ arrays: [new Float64Array(24).fill(wrong), new Float64Array(24).fill(wrong)] })).toBeUndefined();
  });
});
