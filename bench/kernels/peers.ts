/** The processes of the peers, each started when the first row needs it. */
import { existsSync, readFileSync } from 'node:fs';
import { installed, Peer } from '../peers.js';
import type { Work } from './rows.js';

const servers: Readonly<Record<Work['family'], string>> = {
  objective: 'objectives.py',
  pair: 'pairs.py',
  mixture: 'mixtures.py',
  perturbation: 'perturbations.py',
  ball: 'balls.py',
  affinity: 'affinities.py',
  quantile: 'affinities.py',
  product: 'products.py',
  hops: 'graphs.py',
  'hop-search': 'graphs.py',
};

/** OpenBLAS knows few processors; it takes an unknown one for an older one, without AVX-512. */
const AVX512_CORE = 'SkylakeX';
const AVX512_CORES = [AVX512_CORE, 'Cooperlake', 'SapphireRapids'];

export class Peers implements Disposable {
  readonly #threads: number;
  readonly #started: Map<string, Peer>;
  readonly #environment: Readonly<Record<string, string>>;
  /** The program of bench/native. */
  readonly native: Peer | undefined;
  readonly versions: Readonly<Record<string, string>>;

  private constructor(
    threads: number,
    native: Peer | undefined,
    started: Readonly<Record<string, Peer>>,
    versions: Readonly<Record<string, string>>,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#threads = threads;
    this.#started = new Map(Object.entries(started));
    this.#environment = environment;
    this.native = native;
    this.versions = versions;
  }

  static async start(threads: number): Promise<Peers> {
    const native = await Peer.native();
    const products = await Peer.python(servers.product, threads);
    const { OpenBLAS: detected } = products.versions;
    if (!hasAvx512() || AVX512_CORES.includes(detected)) {
      return new Peers(threads, native, { [servers.product]: products }, products.versions, {});
    }
    products[Symbol.dispose]();
    const environment = { OPENBLAS_CORETYPE: AVX512_CORE };
    const forced = await Peer.python(servers.product, threads, environment);
    const core = `${forced.versions.OpenBLAS} (forced: it takes this processor for ${detected})`;
    return new Peers(
      threads,
      native,
      { [servers.product]: forced },
      { ...forced.versions, OpenBLAS: core },
      environment,
    );
  }

  /** Starts the peers that are installed. */
  static async startAvailable(threads: number): Promise<Peers> {
    if (installed.python && installed.native) return Peers.start(threads);
    return new Peers(threads, installed.native ? await Peer.native() : undefined, {}, {}, {});
  }

  /** The process that computes rows of this family; undefined without Python. */
  async for({ family }: Work): Promise<Peer | undefined> {
    if (!installed.python) return undefined;
    const server = servers[family];
    const peer = this.#started.get(server) ?? (await Peer.python(server, this.#threads, this.#environment));
    this.#started.set(server, peer);
    return peer;
  }

  [Symbol.dispose](): void {
    this.native?.[Symbol.dispose]();
    for (const peer of this.#started.values()) peer[Symbol.dispose]();
  }
}

function hasAvx512(): boolean {
  const file = '/proc/cpuinfo';
  return existsSync(file) && /^flags\s*:.*\bavx512f\b/m.test(readFileSync(file, 'utf8'));
}
