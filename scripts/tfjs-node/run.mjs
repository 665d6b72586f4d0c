import { spawn } from 'node:child_process';

const live = new Set();

// Children run in process groups of their own, so that a bound or Ctrl-C also ends what they started themselves.
process.on('exit', () => {
  for (const child of live) endGroup(child);
});

/**
 * Runs a program to its end, or to its bound, and keeps what it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, seconds: number, stalled?: (elapsed: number) => string | undefined }} options
 *   `seconds` bounds the whole run; `stalled` is asked twice a second and ends the run early by naming a reason.
 * @returns {Promise<{ ok: boolean, output: string, reason: string }>} `reason` is one line, empty when ok
 */
export function run(command, args, { cwd, env = process.env, seconds, stalled }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    live.add(child);
    let output = '';
    let ended = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));

    const watch = setInterval(() => {
      const elapsed = (performance.now() - started) / 1000;
      ended ||= elapsed > seconds ? `took longer than ${seconds} s` : (stalled?.(elapsed) ?? '');
      if (ended) endGroup(child);
    }, 500);
    const finish = (ok, reason) => {
      clearInterval(watch);
      live.delete(child);
      resolve({ ok, output, reason });
    };
    child.on('error', (error) =>
      finish(false, error.code === 'ENOENT' ? `${command} is not installed` : error.message),
    );
    child.on('close', (code) => finish(code === 0 && !ended, code === 0 ? ended : ended || errorLine(output, code)));
  });
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** The line of a failed program's output that says most: the first that speaks of an error. */
function errorLine(output, code) {
  const lines = output.split('\n').map((line) => line.trim());
  const line =
    lines.find((text) => /[Ee]rror(:| \[)|ERROR:|^npm error|\bE[A-Z]{5,}\b/.test(text)) ??
    lines.findLast(Boolean) ??
    `ended with code ${code}`;
  return line.slice(0, 200);
}
