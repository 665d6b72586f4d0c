/** The form of the package's errors: class, code, and a message of place, expected, received, remedy. */
import { describe, expect, it } from 'vitest';
import { describe as describeValue, failed, invalidType, listed, outOfRange } from '../src/errors.js';
import { ClusterError } from '../src/index.js';

describe('errors', () => {
  it('have a class, a code, and a message in one form', () => {
    const error = failed('ERR_FORMAT', 'a.csv, line 3', '2 cells', '1', 'remove the line');
    expect(error).toBeInstanceOf(ClusterError);
    expect(error.code).toBe('ERR_FORMAT');
    expect(error.message).toBe('a.csv, line 3: expected 2 cells, received 1; remove the line');
    expect(invalidType('scale', 'a string', '3')).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expect(outOfRange('scale', 'none', "'x'")).toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
  });

  it.each([
    ['a', "'a'"],
    ['a'.repeat(70), `'${'a'.repeat(60)}…'`],
    [3n, '3n'],
    [null, 'null'],
    [[1, 2], 'an array of length 2'],
    [new Float32Array(3), 'Float32Array(3)'],
    [new Map(), 'a Map'],
    [{ a: 1 }, 'an object with keys a'],
    [Object.create(null), 'an object with keys (none)'],
  ])('describe %s', (value, expected) => {
    expect(describeValue(value)).toBe(expected);
  });

  it('list at most eight names', () => {
    expect(listed(['a', 'b'])).toBe('a, b');
    expect(listed([...'abcdefghij'])).toBe('a, b, c, d, e, f, g, h and 2 more');
  });
});
