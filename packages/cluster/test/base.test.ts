/** Random numbers, the reading of matrices, and works that wait for each other. */
import { describe, expect, it } from 'vitest';
import { Lockstep, Turns } from '../src/base/lockstep.js';
import { readMatrix } from '../src/base/matrix.js';
import { Random } from '../src/base/random.js';
import { rejectionOf, thrownBy } from './support/compare.js';

describe('random numbers', () => {
  const draw = (seed: number, stream = 0, n = 4) => {
    const random = new Random(seed, stream);
    return Array.from({ length: n }, () => random.uniform());
  };

  it('are the same for the same seed and stream, and no others', () => {
    expect(draw(7, 2)).toEqual(draw(7, 2));
    const all = [draw(7), draw(8), draw(7, 1), draw(7 + 2 ** 32), draw(-7)].map(String);
    expect(new Set(all).size).toBe(5);
  });

  it('are uniform in [0, 1), and normal', () => {
    const n = 20_000;
    const uniform = draw(1, 0, n);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(4 / Math.sqrt(12 * n));
    const random = new Random(2);
    const normal = Array.from({ length: n }, () => random.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(mean(normal.map((z) => z * z)) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  });

  it('order all numbers, or some of them', () => {
    const random = new Random(3);
    expect([...random.permutation(50)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const some = random.permutation(50, 10);
    expect(new Set(some).size).toBe(10);
    expect(some.every((i) => i >= 0 && i < 50)).toBe(true);
  });
});

describe('matrices', () => {
  it('are read in the forms that genmi reads, without a copy', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(readMatrix('x', { data, shape: [2, 3] }).data).toBe(data);
    expect(readMatrix('x', { data, dims: [3, 2] }).shape).toEqual([3, 2]);
    const nested = [1, 3].map((first) => [first, first + 1]);
    expect(readMatrix('x', nested)).toEqual({ data: Float64Array.of(1, 2, 3, 4), shape: [2, 2] });
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a string', 'abc', 'ERR_INVALID_ARG_TYPE', /^x: expected a matrix/],
    ['no rows', [], 'ERR_OUT_OF_RANGE', /0 x 0/],
    ['no columns', [[], []], 'ERR_OUT_OF_RANGE', /2 x 0/],
    ['integers', { data: new Int32Array(4), shape: [2, 2] }, 'ERR_INVALID_ARG_TYPE', /^x\.data/],
    ['three sizes', { data: new Float64Array(8), shape: [2, 2, 2] }, 'ERR_OUT_OF_RANGE', /^x\.shape/],
    ['too few numbers', { data: new Float64Array(3), shape: [2, 2] }, 'ERR_OUT_OF_RANGE', /4 numbers.*received 3/],
    ['ragged rows', [[1, 2], [3]], 'ERR_OUT_OF_RANGE', /^x\[1\]/],
    ['text', [[1, 'b']], 'ERR_INVALID_ARG_TYPE', /^x\[0\]\[1\]/],
    [
      'an infinity',
      [
        [1, 2],
        [3, Infinity],
      ],
      'ERR_OUT_OF_RANGE',
      /^x\[1\]\[1\].*Infinity/,
    ],
  ])('refuse %s', (_, value, code, message) => {
    expect(thrownBy(() => readMatrix('x', value as never))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('works in lockstep', () => {
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('wait for each other, and no longer for one that has left', async () => {
    const met: string[][] = [];
    const together = new Lockstep<string>(2, async (pieces) => {
      met.push([...pieces]);
    });
    const work = async (name: string, pieces: number, ms: number) => {
      for (let piece = 0; piece < pieces; piece++) {
        await later(ms);
        await together.ended(`${name}${piece}`);
      }
      together.leave();
    };
    await Promise.all([work('slow', 2, 8), work('fast', 4, 1)]);
    expect(met).toEqual([['fast0', 'slow0'], ['fast1', 'slow1'], ['fast2'], ['fast3']]);
  });

  it('get the error of the work between their pieces', async () => {
    const reason = new Error('enough');
    const together = new Lockstep<number>(2, () => Promise.reject(reason));
    const both = [1, 2].map((piece) => rejectionOf(() => together.ended(piece)));
    expect(await Promise.all(both)).toEqual([reason, reason]);
  });

  it('run a number at a time, in the order of their calls', async () => {
    const turns = new Turns(2);
    let running = 0;
    const most: number[] = [];
    const order: number[] = [];
    const work = async (name: number) => {
      await turns.take();
      running += 1;
      most.push(running);
      order.push(name);
      await later(2);
      running -= 1;
      turns.giveBack();
    };
    await Promise.all([0, 1, 2, 3, 4].map(work));
    expect(Math.max(...most)).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });
});
