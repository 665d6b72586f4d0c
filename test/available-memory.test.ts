/** The check of memory: it reads the limits of containers, is never asked about little, and is told with both sizes. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { outOfRange } from '../src/errors.js';
import { allocate, allocating, availableBytes, checkFits, formatBytes } from '../src/memory.js';
import { expectError, thrownBy } from './support/errors.js';

// The loader of the addon reads files, too, before this module runs.
const { files, HIDDEN } = vi.hoisted(() => ({ files: {} as Record<string, string>, HIDDEN: 'hidden' }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    existsSync: (file: string) => file in files || fs.existsSync(file),
    readFileSync: (file: string, encoding: 'utf8') => {
      if (files[file] === HIDDEN) throw Object.assign(new Error('restricted'), { code: 'ERR_ACCESS_DENIED' });
      return files[file] ?? fs.readFileSync(file, encoding);
    },
  };
});
vi.mock('node:os', async (original) => ({ ...(await original<typeof import('node:os')>()), totalmem: () => 32e9 }));

const MB = 2 ** 20;

/** A process in a container of `limit` bytes, of which the system calls `available` ones unused. */
function container(limit: number, available: number, statistics: Record<string, string>, groups: string) {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('linux');
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(limit);
  vi.spyOn(process, 'availableMemory').mockReturnValue(available);
  Object.assign(files, { '/proc/self/cgroup': groups }, statistics);
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const file of Object.keys(files)) delete files[file];
});

describe('the memory that is available', () => {
  it('counts the page cache of a container, which is given up on demand', () => {
    container(
      1e9,
      544,
      { '/sys/fs/cgroup/job/memory.stat': 'anon 3000\ninactive_file 700000000\nactive_file 5\n' },
      '0::/job\n',
    );
    expect(availableBytes()).toBe(700_000_544);
  });

  it('counts it under the first version of control groups, where the container may see itself as the root', () => {
    const statistics = 'inactive_file 5\nactive_file 5\ntotal_inactive_file 300000000\n';
    container(
      1e9,
      1000,
      { '/sys/fs/cgroup/memory/memory.stat': statistics },
      '4:memory:/docker/abc\n3:cpuset:/\n0::/\n',
    );
    expect(availableBytes()).toBe(300_001_000);
  });

  it("is without the page cache where Node's permission model hides the files that tell of it", () => {
    container(1e9, 5e8, { '/sys/fs/cgroup/job/memory.stat': HIDDEN }, '0::/job\n');
    expect(availableBytes()).toBe(5e8);
    container(1e9, 5e8, {}, HIDDEN);
    expect(availableBytes()).toBe(5e8);
  });

  it('is never more than the limit', () => {
    container(1e9, 8e8, { '/sys/fs/cgroup/memory.stat': 'inactive_file 700000000\n' }, '0::\n');
    expect(availableBytes()).toBe(1e9);
  });

  it('is that of the machine where nothing limits the process', () => {
    for (const limit of [0, 2 ** 64]) {
      container(limit, 5e9, {}, '0::/\n');
      expect(availableBytes()).toBe(5e9);
    }
  });

  it('is all memory that the process does not hold on macOS', () => {
    container(0, 544, {}, '');
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(2e9);
    expect(availableBytes()).toBe(30e9);
  });
});

describe('a request', () => {
  it('of 64 MB is granted where nothing is said to be available, without a look', () => {
    container(1e9, 0, {}, '');
    checkFits('It', 64 * MB, 'none');
    expect(allocate(Uint8Array, 64 * MB, () => 'It', 'none')).toHaveLength(64 * MB);
    expect(process.availableMemory).not.toHaveBeenCalled();
  });

  it('of more is refused with both sizes and the remedy', () => {
    container(1e9, 544, {}, '');
    const error = { code: 'ERR_OUT_OF_MEMORY', argument: 'It', expected: 'at most the 544 bytes available' };
    expectError(
      thrownBy(() => checkFits('It', 64 * MB + 1, 'use less')),
      { ...error, received: '67.1 MB; use less' },
    );
    expectError(
      thrownBy(() => allocate(Float64Array, 1e7, () => 'It', 'use less')),
      { ...error, received: '80.0 MB; use less' },
    );
  });

  it('of more than an array can have is no RangeError without a code', () => {
    container(0, 2 ** 64, {}, '');
    expectError(
      thrownBy(() => allocate(Float64Array, 2 ** 45, () => 'It', 'use less')),
      {
        code: 'ERR_OUT_OF_MEMORY',
        argument: 'It',
        expected: 'arrays that the engine can allocate',
        received: '281 TB',
      },
    );
  });
});

it('names the purpose of a failed allocation of the engine, and lets other errors pass', () => {
  const failing = (error: Error) => () => {
    throw error;
  };
  const failed = thrownBy(() => allocating(() => 'It', 5e6, 'use less', failing(new RangeError('allocation failed'))));
  expectError(failed, { code: 'ERR_OUT_OF_MEMORY', argument: 'It', received: '5.00 MB; use less' });
  for (const error of [new TypeError('mine'), outOfRange('x', 'this', 'that')]) {
    expect(thrownBy(() => allocating(() => 'It', 5e6, 'use less', failing(error)))).toBe(error);
  }
});

it('tells sizes in decimal units', () => {
  expect([0, 544, 39.2e9, 4e12, 1e16].map(formatBytes)).toEqual([
    '0 bytes',
    '544 bytes',
    '39.2 GB',
    '4.00 TB',
    '1.00e+4 TB',
  ]);
});
