import { Peer } from '../peers.js';
import type { Problem } from './problems.js';

/** The compiled solver, or what is documented: the same with its checks in Python. Either may be the faster. */
export type Solver = 'emd_c' | 'emd2';

interface Request {
  readonly step: number;
  readonly problems: readonly Problem[];
  readonly solver: Solver;
  /** So many samples are sources, and all others targets; otherwise all are both. */
  readonly sources?: number;
}

/** For each problem. */
export interface Solved {
  readonly seconds: readonly number[];
  readonly costs: readonly number[];
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

  /** Reads the inputs that the next problems are of. */
  async load(folder: string): Promise<void> {
    await this.#peer.ask(JSON.stringify({ load: folder }));
  }

  async solve(request: Request): Promise<Solved> {
    return (await this.#peer.ask(JSON.stringify({ solve: request }))) as Solved;
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
  }
}
