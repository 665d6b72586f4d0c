/** The second table: the memory of trainings on all images of MNIST, each in a process of its own. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { imagesFile } from '../../support/digits.js';
import { python, root } from '../peers.js';
import { against, type Column, number } from '../table.js';

/** An epoch of the network 784-1200-1200-10 on bytes, with batches of 250. */
export interface MemoryRow {
  readonly name: string;
  /** Mutual information, or one-vs-all MMD with a linear kernel: its affinity is over all images. */
  readonly objective: 'kl_ova' | 'mmd_ova';
}

export interface Memory {
  readonly name: string;
  readonly threads: number;
  /** Peak bytes of the training, beyond the memory of the process when data and library are loaded. */
  readonly genmi: number;
  /** Peak bytes of the process, without the data. */
  readonly genmiProcess: number;
  readonly torch?: number;
  readonly torchProcess?: number;
}

const MEGABYTE = 1e6;
const TARGET = 0.5;

/** What a process prints: bytes of its memory before the training, and the peak of it. */
interface Sizes {
  readonly before: number;
  readonly peak: number;
  readonly data: number;
}

/** Linux alone tells a process the peak of a part of its life. */
export const memoryRows: readonly MemoryRow[] =
  process.platform === 'linux'
    ? [
        { name: 'memory-mnist-kl_ova', objective: 'kl_ova' },
        { name: 'memory-mnist-mmd_ova', objective: 'mmd_ova' },
      ]
    : [];

/** @param images how many images: all, except in a smoke test */
export function measureMemory({ name, objective }: MemoryRow, threads: number, images: number, peer: boolean): Memory {
  const args = [imagesFile('train'), `${images}`, objective, `${threads}`];
  const measure = (command: string, ...script: string[]): Sizes => {
    const said = execFileSync(command, [...script, ...args], { encoding: 'utf8', env: environment(threads) });
    return JSON.parse(said) as Sizes;
  };
  const own = measure(process.execPath, '--expose-gc', join(root, 'out/bench/networks/memory-process.js'));
  const torch = peer ? measure(python, join(root, 'bench/peers/networks_memory.py')) : undefined;
  return {
    name,
    threads,
    genmi: own.peak - own.before,
    genmiProcess: own.peak - own.data,
    ...(torch && { torch: torch.peak - torch.before, torchProcess: torch.peak - torch.data }),
  };
}

const environment = (threads: number) => ({
  ...process.env,
  OMP_NUM_THREADS: `${threads}`,
  MKL_NUM_THREADS: `${threads}`,
});
const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '-' : number(bytes / MEGABYTE));

export const memoryColumns: readonly Column<Memory>[] = [
  { title: 'training', width: 26, text: ({ name }) => name },
  { title: 'threads', width: 7, text: ({ threads }) => `${threads}` },
  { title: 'torch, MB', width: 9, text: ({ torch }) => megabytes(torch) },
  { title: 'genmi, MB', width: 9, text: ({ genmi }) => megabytes(genmi) },
  {
    title: 'genmi / torch',
    width: 15,
    text: ({ genmi, torch }) => (torch === undefined ? '-' : against(genmi / torch, TARGET, 'at most')),
  },
  { title: 'process: torch, MB', width: 18, text: ({ torchProcess }) => megabytes(torchProcess) },
  { title: 'process: genmi, MB', width: 18, text: ({ genmiProcess }) => megabytes(genmiProcess) },
];
