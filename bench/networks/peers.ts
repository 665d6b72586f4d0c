/** The processes of the peers: one for each number of threads, started when the first row needs it. */
import { installed, Peer } from '../peers.js';

export class Peers implements Disposable {
  readonly #started = new Map<string, Peer>();
  /** The program of bench/native. */
  readonly native: Peer | undefined;

  private constructor(native: Peer | undefined) {
    this.native = native;
    if (native) this.#started.set('native', native);
  }

  static async start(): Promise<Peers> {
    return new Peers(installed.native ? await Peer.native() : undefined);
  }

  /** Versions of all peers that are installed. */
  async versions(): Promise<Record<string, string>> {
    const all = [await this.tfjs(1), await this.torch(1), await this.sklearn(1), await this.numpy(1)];
    const versions = Object.assign({}, ...all.map((peer) => peer?.versions ?? {})) as Record<string, string>;
    return Object.fromEntries(Object.entries(versions).filter(([, version]) => version));
  }

  tfjs(threads: number): Promise<Peer> {
    const environment = { TF_NUM_INTRAOP_THREADS: `${threads}`, TF_NUM_INTEROP_THREADS: `${threads}` };
    return this.#once(`tfjs ${threads}`, () => Peer.node('networks/tfjs-process.js', environment));
  }

  torch = (threads: number): Promise<Peer | undefined> => this.#python('networks_torch.py', threads);
  sklearn = (threads: number): Promise<Peer | undefined> => this.#python('networks_sklearn.py', threads);
  /** OpenBLAS chooses its kernels itself, whatever this process asks for. */
  numpy = (threads: number): Promise<Peer | undefined> =>
    this.#python('networks_numpy.py', threads, { OPENBLAS_CORETYPE: undefined });

  async #python(name: string, threads: number, environment = {}): Promise<Peer | undefined> {
    if (!installed.python) return undefined;
    return this.#once(`${name} ${threads}`, () => Peer.python(name, threads, environment));
  }

  async #once(key: string, start: () => Promise<Peer>): Promise<Peer> {
    const peer = this.#started.get(key) ?? (await start());
    this.#started.set(key, peer);
    return peer;
  }

  [Symbol.dispose](): void {
    for (const peer of this.#started.values()) peer[Symbol.dispose]();
  }
}

/** Says which peers are missing: their lines are, too. */
export function absences(present: { readonly python: boolean; readonly native: boolean }, versions: object): string[] {
  const torch = present.python && !('torch' in versions);
  return [
    ...(present.python
      ? []
      : ['The peers in Python are not installed (npm run bench:setup): their lines are missing.']),
    ...(torch ? ['torch is not installed (npm run bench:setup says why): its lines are missing.'] : []),
    ...('tfjs-node' in versions ? [] : ['tfjs-node is not installed (npm run setup): another engine takes its place.']),
    ...(present.native
      ? []
      : ['bench/native is not built (npm run build:bench-native): products are missing, and peers in training.']),
  ];
}
