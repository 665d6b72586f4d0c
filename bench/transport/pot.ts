import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Problem } from './problems.js';

/** Compiled, this file lies in out/bench/transport. */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const python = join(root, '.cache/bench-peers/bin/python');
const server = join(root, 'bench/peers/transport.py');

const oneThread = Object.fromEntries(
  ['OMP', 'OPENBLAS', 'MKL', 'NUMEXPR'].map((library) => [`${library}_NUM_THREADS`, '1']),
);

interface Request {
  readonly step: number;
  readonly problems: readonly Problem[];
  /** `ot.emd2` with its checks in Python, instead of the compiled solver alone. */
  readonly emd2: boolean;
}

/** For each problem. */
export interface Solved {
  readonly seconds: readonly number[];
  readonly costs: readonly number[];
}

/** POT, in a process of its own. */
export class Pot implements Disposable {
  readonly versions: Readonly<Record<string, string>>;
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(process: ChildProcess, answers: AsyncIterator<string>, versions: Record<string, string>) {
    this.#process = process;
    this.#answers = answers;
    this.versions = versions;
  }

  static async start(): Promise<Pot> {
    if (!existsSync(python)) throw new Error('POT is not installed yet: run `npm run bench:setup` once.');
    const child = spawn(python, [server], {
      env: { ...process.env, ...oneThread },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    return new Pot(child, answers, (await nextAnswer(answers)) as Record<string, string>);
  }

  /** Reads the inputs that the next problems are of. */
  async load(folder: string): Promise<void> {
    await this.#ask({ load: folder });
  }

  async solve(request: Request): Promise<Solved> {
    return (await this.#ask({ solve: request })) as Solved;
  }

  /** Ends the process, which reads commands to their end. */
  [Symbol.dispose](): void {
    this.#process.stdin?.end();
  }

  async #ask(command: object): Promise<unknown> {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
    return nextAnswer(this.#answers);
  }
}

async function nextAnswer(answers: AsyncIterator<string>): Promise<unknown> {
  const { value, done } = await answers.next();
  if (done) throw new Error(`${server} ended before it answered: what it said is above.`);
  return JSON.parse(value);
}
