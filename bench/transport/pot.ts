import { Peer } from '../peers.js';
import type { Problem } from './problems.js';

/** Two ways to call POT: `emd_c` is the compiled solver; the documented `emd2` adds checks in Python. Either may be faster. */
export type Solver = 'emd_c' | 'emd2';

interface Request {
  readonly step: number;
  readonly problems: readonly Problem[];
  readonly solver: Solver;
  /** The first this many samples are sources, all others targets. Without it, all samples are both. */
  readonly sources?: number;
}

/** Seconds and costs of each problem. */
export interface Solved {
  readonly seconds: readonly number[];
  readonly costs: readonly number[];
}

/** For each step, and each problem of it. */
export interface SolvedWarm {
  readonly seconds: readonly (readonly number[])[];
  readonly costs: readonly (readonly number[])[];
}

/** POT, in a process of its own. */
export class Pot implements Disposable {
  readonly #peer: Peer;

  private constructor(peer: Peer) {
    this.#peer = peer;
  }

  static async start(): Promise<Pot> {
    return new Pot(await Peer.python('transport.py', 1));
  }

  get versions(): Readonly<Record<string, string>> {
    return this.#peer.versions;
  }

  /** Makes POT read the inputs of the next problems. */
  async load(folder: string): Promise<void> {
    await this.#peer.ask(JSON.stringify({ load: folder }));
  }

  async solve(request: Request): Promise<Solved> {
    return (await this.#peer.ask(JSON.stringify({ solve: request }))) as Solved;
  }

  /** All steps in turn, each problem from the potentials that it ended with a step before. */
  async solveWarm(problems: readonly Problem[]): Promise<SolvedWarm> {
    return (await this.#peer.ask(JSON.stringify({ solve_warm: { problems } }))) as SolvedWarm;
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
  }
}
