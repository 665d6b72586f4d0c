/** A peer in Python that answers jobs: one JSON line in, one JSON line out. The first line that it prints is its data. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Starts a script of this folder; its data become matrices by their names. */
export async function startPeer(program, script) {
  const python = spawn(program, [fileURLToPath(new URL(script, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const answer = async () => JSON.parse((await lines.next()).value);
  const sets = await answer();
  return {
    sets,
    ask(job) {
      python.stdin.write(`${JSON.stringify(job)}\n`);
      return answer();
    },
    end: () => python.stdin.end(),
  };
}

export const matrixOf = (rows) => ({ data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0].length] });

/** Seconds and processor seconds of a call, with its result. */
export async function timed(call) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const result = await call();
  const { user, system } = process.cpuUsage(used);
  return { result, seconds: (performance.now() - start) / 1e3, processor: (user + system) / 1e6 };
}
