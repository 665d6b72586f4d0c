/** How values are named in messages: short, and safe for any value. */
import { expect, it } from 'vitest';
import { describe as describeValue } from '../../src/errors.js';

class Encoder {}
class Model {}
const throwing = new Proxy(
  {},
  {
    get() {
      throw new Error('get');
    },
    ownKeys() {
      throw new Error('ownKeys');
    },
    getPrototypeOf() {
      throw new Error('getPrototypeOf');
    },
  },
);
const { proxy: revoked, revoke } = Proxy.revocable([], {});
revoke();
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const withoutLength = Object.defineProperty(new Float32Array(3), 'length', {
  get() {
    throw new Error('length');
  },
});

it.each<[string, unknown, string]>([
  ['undefined', undefined, 'undefined'],
  ['null', null, 'null'],
  ['a number', -0.5, '-0.5'],
  ['a bigint', 12n, '12n'],
  ['a huge bigint', 10n ** 200n, `1${'0'.repeat(59)}…n`],
  ['a symbol', Symbol('mine'), 'Symbol(mine)'],
  ['a string', 'abc', "'abc'"],
  ['a huge string', 'ab'.repeat(1e6), `'${'ab'.repeat(30)}…'`],
  ['a function', () => 0, 'a function'],
  ['a class', Model, 'a function'],
  ['an array', [1, 2], 'an array of length 2'],
  ['a typed array', new Float32Array(3), 'Float32Array(3)'],
  ['a typed array whose length throws', withoutLength, 'an object that cannot be read'],
  ['a typed array without a prototype', Object.setPrototypeOf(new Int8Array(2), null), 'Int8Array(undefined)'],
  ['a DataView', new DataView(new ArrayBuffer(1)), 'a DataView'],
  ['an object', { a: 1, b: 2 }, 'an object with keys a, b'],
  ['an empty object', {}, 'an object with keys (none)'],
  [
    'an object of many keys',
    Object.fromEntries('abcdefghijkl'.split('').map((key) => [key, 1])),
    'an object with keys a, b, c, d, e, f, g, h, and 4 more',
  ],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), 'an object with keys a'],
  ['an object without a constructor', { constructor: undefined, a: 1 }, 'an object with keys constructor, a'],
  ['an object whose constructor is none', { constructor: 5 }, 'an object with keys constructor'],
  [
    'an object whose constructor has no name',
    { constructor: { name: Symbol('x') } },
    'an object with keys constructor',
  ],
  ['a cyclic object', cyclic, 'an object with keys self'],
  ['an instance', new Model(), 'a Model'],
  ['an instance with a vowel', new Encoder(), 'an Encoder'],
  ['a proxy that throws', throwing, 'an object that cannot be read'],
  ['a revoked proxy', revoked, 'an object that cannot be read'],
  ['a date that is none', new Date(Number.NaN), 'a Date'],
])('names %s', (_, value, name) => {
  expect(describeValue(value)).toBe(name);
});
