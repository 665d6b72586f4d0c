/** The settings of a JavaScript environment, and a description of this installation. */
import { availableParallelism } from 'node:os';
import { binary, native } from './native.js';
import { checkOptions, oneOf, optionalNumber } from './options.js';
import { processor } from './processor.js';
import { version } from './version.js';

/** The options of `config`; one that is absent keeps its setting. */
export interface Config {
  /**
   * Threads that one computation may use, 1 to 1024; `'auto'` (default): the machine's. Results have the same bits for
   * any number.
   */
  threads?: number | 'auto' | undefined;
  /**
   * The device that makes affinities and trains networks from now on; affinities that exist stay where they are. `'cuda'`: the first device
   * that CUDA finds, through the package genmi-cuda; ERR_OUT_OF_MEMORY where its memory is too small. `'auto'`
   * (default): the same, and the CPU where there is none, or where its memory is too small. `'cpu'`: the CPU.
   */
  device?: 'auto' | 'cpu' | 'cuda' | undefined;
  /** The most bytes of the device's memory that this environment may hold from now on; `'auto'` (default): all. */
  deviceMemory?: number | 'auto' | undefined;
  /**
   * The instruction set of the vector kernels. Each call reads it once; an affinity or a transport solver evaluates its
   * entries with the set it was made with. `'auto'`: the best set of this processor. `'baseline'`: the set that every
   * processor has (on 64-bit Arm, `'neon'`). Default: the environment variable GENMI_ISA, else `'auto'`.
   *
   * Transport has the same bits with every set; other results differ by rounding.
   */
  isa?: 'auto' | 'baseline' | 'neon' | 'avx2' | 'avx512' | undefined;
}

/** A description of this installation, as `info` returns it. */
export interface Info {
  /** The version of the package. */
  version: string;
  /** The instruction set in use. */
  isa: string;
  /** Threads that one computation may use. */
  threads: number;
  /** The device in use. */
  device: 'cpu' | 'cuda';
  /** Why this device is in use, or its name. */
  deviceReason: string;
  /** Bytes of the device's memory that this environment holds; 0 without a device. */
  deviceMemory: number;
  /** The processor's name, cores, and (where the system tells them) family and model. */
  processor: string;
  /** The file the native addon was loaded from. */
  binary: string;
}

const MOST_THREADS = 1024;

/**
 * Changes the given settings of this JavaScript environment; each worker thread has settings of its own.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE; GenmiError ERR_BACKEND_UNAVAILABLE for a device
 * or an instruction set that this machine does not have.
 */
export function config(options: Config): void {
  checkOptions(options, ['threads', 'device', 'deviceMemory', 'isa']);
  const threads =
    options.threads === 'auto'
      ? Math.min(availableParallelism(), MOST_THREADS)
      : optionalNumber('threads', options.threads, { min: 1, max: MOST_THREADS, integer: true });
  const isa =
    options.isa === undefined ? undefined : oneOf('isa', options.isa, ['auto', 'baseline', 'neon', 'avx2', 'avx512']);
  const device = options.device === undefined ? undefined : oneOf('device', options.device, ['auto', 'cpu', 'cuda']);
  const deviceMemory =
    options.deviceMemory === 'auto'
      ? 0
      : optionalNumber('deviceMemory', options.deviceMemory, { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true });
  native.settings(isa, threads, device, deviceMemory);
}

/** Describes this installation: version, instruction set, threads, device, processor, binary. */
export function info(): Info {
  return { version, ...native.settings(), processor: processor(), binary };
}
