/** Peers of genmi: each is a process of its own, which reads one line for each command and answers with one line of JSON. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Compiled, this file lies in out/bench. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The folder of inputs, which benchmarks make once and all contestants read. */
export const inputs = join(root, 'out/bench/inputs');
export const python = join(root, '.cache/bench-peers/bin/python');
const native = join(root, 'out/native-release/kernels_bench');
/** Which processes can be started. */
export const installed = { python: existsSync(python), native: existsSync(native) };

/** Variables of a process; undefined ones are left out, whatever this process has. */
type Environment = Readonly<Record<string, string | undefined>>;

export class Peer implements Disposable {
  /** The first answer of the process. */
  readonly versions: Readonly<Record<string, string>>;
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(
    name: string,
    process: ChildProcess,
    answers: AsyncIterator<string>,
    versions: Record<string, string>,
  ) {
    this.#name = name;
    this.#process = process;
    this.#answers = answers;
    this.versions = versions;
  }

  /**
   * Starts a server of bench/peers.
   *
   * @param threads the most threads that its libraries may use
   */
  static python(name: string, threads: number, environment: Environment = {}): Promise<Peer> {
    if (!installed.python) throw new Error('The peers are not installed yet: run `npm run bench:setup` once.');
    const limits = ['OMP', 'OPENBLAS', 'MKL', 'NUMEXPR'].map((library) => [`${library}_NUM_THREADS`, `${threads}`]);
    const server = join(root, 'bench/peers', name);
    return Peer.start(name, python, [server], { ...Object.fromEntries(limits), ...environment });
  }

  /** Starts a compiled program of the benchmarks, in Node. */
  static node(name: string, environment: Environment): Promise<Peer> {
    return Peer.start(name, process.execPath, [join(root, 'out/bench', name)], environment);
  }

  /** Starts the program of bench/native, which `npm run bench:kernels` builds. */
  static native(): Promise<Peer> {
    mkdirSync(inputs, { recursive: true });
    return Peer.start('bench/native', native, [inputs]);
  }

  private static async start(
    name: string,
    command: string,
    args: readonly string[] = [],
    environment: Environment = {},
  ): Promise<Peer> {
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    return new Peer(name, child, answers, (await nextAnswer(name, answers)) as Record<string, string>);
  }

  async ask(line: string): Promise<unknown> {
    this.#process.stdin?.write(`${line}\n`);
    return nextAnswer(this.#name, this.#answers);
  }

  /** Closes the input of the process, which ends when it has read all commands. */
  [Symbol.dispose](): void {
    this.#process.stdin?.end();
  }
}

async function nextAnswer(name: string, answers: AsyncIterator<string>): Promise<unknown> {
  const { value, done } = await answers.next();
  if (done) throw new Error(`${name} ended before it answered: its own message is above.`);
  return JSON.parse(value);
}
