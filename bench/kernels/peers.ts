/** The processes that rows are shared with, each started when the first row needs it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peer, root } from '../peers.js';
import type { Work } from './rows.js';

const servers: Readonly<Record<Work['family'], string>> = {
  objective: 'objectives.py',
  affinity: 'affinities.py',
  quantile: 'affinities.py',
  product: 'products.py',
  hops: 'graphs.py',
};

/** OpenBLAS knows few processors, and takes others for an older one without their vectors. */
const AVX512_CORE = 'SkylakeX';
const AVX512_CORES = [AVX512_CORE, 'Cooperlake', 'SapphireRapids'];

export class Peers implements Disposable {
  readonly #threads: number;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #started = new Map<string, Peer>();
  /** The program of bench/native. */
  readonly native: Peer;
  readonly versions: Readonly<Record<string, string>>;

  private constructor(
    threads: number,
    environment: Record<string, string>,
    native: Peer,
    products: Peer,
    note: string,
  ) {
    this.#threads = threads;
    this.#environment = environment;
    this.native = native;
    this.#started.set(servers.product, products);
    const { OpenBLAS: core, torch, ...versions } = products.versions;
    this.versions = { ...versions, ...(torch && { torch }), OpenBLAS: `${core}${note}` };
  }

  static async start(threads: number): Promise<Peers> {
    const native = await Peer.start('bench/native', join(root, 'out/bench-native/kernels_bench'));
    const products = await Peer.python(servers.product, threads);
    const { OpenBLAS: detected } = products.versions;
    if (!hasAvx512() || AVX512_CORES.includes(detected)) return new Peers(threads, {}, native, products, '');
    products[Symbol.dispose]();
    const environment = { OPENBLAS_CORETYPE: AVX512_CORE };
    const forced = await Peer.python(servers.product, threads, environment);
    return new Peers(threads, environment, native, forced, ` (forced: it takes this processor for ${detected})`);
  }

  /** Whoever computes such rows. */
  async for({ family }: Work): Promise<Peer> {
    const server = servers[family];
    const peer = this.#started.get(server) ?? (await Peer.python(server, this.#threads, this.#environment));
    this.#started.set(server, peer);
    return peer;
  }

  [Symbol.dispose](): void {
    this.native[Symbol.dispose]();
    for (const peer of this.#started.values()) peer[Symbol.dispose]();
  }
}

function hasAvx512(): boolean {
  const file = '/proc/cpuinfo';
  return existsSync(file) && /^flags\s*:.*\bavx512f\b/m.test(readFileSync(file, 'utf8'));
}
