/** Allocations that fail, one at a time: some of them here, all of them in scripts/out-of-memory.mjs at night. */
import { describe, expect, it } from 'vitest';
import { root } from '../support/dist.js';
import { faults } from '../support/faults.js';
import { execute } from '../support/processes.js';

describe.skipIf(faults === undefined)('a failed allocation is ERR_OUT_OF_MEMORY, and the next call is right', () => {
  // Of the operations whose names contain the text, one in `every` allocations fails.
  const cases: [every: number, operations: string][] = [
    [5, 'few'],
    [1, 'a large copy'],
    [5, 'make '],
    [9, 'value'],
    [3, 'solve'],
    [3, 'Solver'],
    [3, 'emd'],
    [3, 'network'],
    [2, 'error'],
    [1, 'config'],
    [7, 'worker'],
    [3, 'loading'],
    [61, 'many samples'],
  ];
  it.each(cases)('every %i. of %s', async (every, operations) => {
    const args = ['scripts/out-of-memory.mjs', String(every), operations];
    const { stdout, stderr, code } = await execute(process.execPath, args, { cwd: root, maxBuffer: 2 ** 28 });
    expect({ stdout, stderr, code }).toMatchObject({
      stdout: expect.stringMatching(/^[1-9]\d* allocations failed, 0 of them wrongly\n$/),
      code: 0,
    });
  });
});
