/** Programs in processes of their own. */
import { type ExecFileOptions, execFile } from 'node:child_process';

export interface Ended {
  /** The exit code, or the reason why the program did not start; null when a signal ended it. */
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

/**
 * Runs a program as a user's shell would: without the settings that npm and vitest pass on in the environment.
 */
export function executeOutside(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|vite|node_options|node_env|init_cwd)/i.test(name)),
  );
  return execute(command, args, { cwd, env, maxBuffer: 2 ** 26 });
}

/** Runs a program that must exit with 0, and returns its output. */
export async function succeedOutside(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await executeOutside(command, args, cwd);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
}
