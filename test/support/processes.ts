/** Programs in processes of their own. */
import { type ExecFileOptions, execFile } from 'node:child_process';

export interface Ended {
  /** What it exited with, or why it did not start; null when a signal ended it. */
  code: number | string | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export function execute(file: string, args: readonly string[], options: ExecFileOptions = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(file, args, { ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? null) : 0, signal: error?.signal ?? null, stdout, stderr });
    });
  });
}
