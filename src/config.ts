/** Settings of a JavaScript environment, and what this installation is. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { refused } from './errors.js';
import { binary, native, root } from './native.js';
import { checkOptions, oneOf, optionalNumber } from './options.js';
import { processor } from './processor.js';

export interface Config {
  /** Threads one computation may use; `'auto'` (default): the machine's. Results are the same bits for any number. */
  threads?: number | 'auto' | undefined;
  /** `'auto'` (default) and `'cpu'` compute on the CPU; `'cuda'` throws ERR_BACKEND_UNAVAILABLE: this version has no such backend. */
  device?: 'auto' | 'cpu' | 'cuda' | undefined;
  /**
   * The instruction set of the vector kernels, read once for each call; affinities and transport solvers keep that which they were
   * made with for their entries. `'auto'`: the best; `'baseline'`: what every processor has, which on 64-bit Arm is `'neon'`.
   * Default: GENMI_ISA, else the best. Results differ by rounding at most; those of transport not at all.
   */
  isa?: 'auto' | 'baseline' | 'neon' | 'avx2' | 'avx512' | undefined;
}

export interface Info {
  version: string;
  isa: string;
  threads: number;
  device: 'cpu';
  /** Why the device is what it is. */
  deviceReason: string;
  /** The processor's name, cores, and (where the system tells) family and model. */
  processor: string;
  /** The file the native addon was loaded from. */
  binary: string;
}

/**
 * Sets what is given and leaves the rest, in this JavaScript environment: each worker thread has settings of its own.
 *
 * @throws GenmiError ERR_BACKEND_UNAVAILABLE for a device or an instruction set that is not there.
 */
export function config(options: Config): void {
  checkOptions(options, ['threads', 'device', 'isa']);
  const threads =
    options.threads === 'auto'
      ? availableParallelism()
      : optionalNumber('threads', options.threads, { min: 1, max: 1024, integer: true });
  const isa =
    options.isa === undefined ? undefined : oneOf('isa', options.isa, ['auto', 'baseline', 'neon', 'avx2', 'avx512']);
  if (options.device !== undefined && oneOf('device', options.device, ['auto', 'cpu', 'cuda']) === 'cuda') {
    const remedy = 'this version of genmi computes on the CPU only';
    throw refused('ERR_BACKEND_UNAVAILABLE', 'device', "'auto' or 'cpu'", "'cuda'", remedy);
  }
  if (isa !== undefined) native.isa(isa);
  if (threads !== undefined) native.threads(threads);
}

/** What is installed and in use: version, instruction set, threads, device, processor, binary. */
export function info(): Info {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    version: manifest.version,
    isa: native.isa(),
    threads: native.threads(),
    device: 'cpu',
    deviceReason: 'this version computes on the CPU only',
    processor: processor(),
    binary,
  };
}
