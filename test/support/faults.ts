/** Makes allocations of the addon fail, and tells how much memory V8 knows of: see faults/faults.cpp. */

import { programArguments } from './dist.js';
import { type Ended, execute } from './processes.js';

const script = new URL('../../scripts/faults.mjs', import.meta.url).href;
const { buildFaults } = (await import(script)) as { buildFaults(): string | undefined };

/** The library that is preloaded; undefined where it cannot be built, which is a failure in CI only. */
export const faults = buildFaults();
if (faults === undefined && process.env.CI !== undefined) throw new Error('faults.cpp needs Linux and a C++ compiler');

/** Runs a program of `runProgram` with `faults`: fail(first, last), asked(), told(). */
export function runWithFaults(code: string, nodeOptions: readonly string[] = [], timeout = 60_000): Promise<Ended> {
  const loaded = `
    const faults = (() => {
      const module = { exports: {} };
      process.dlopen(module, ${JSON.stringify(faults)});
      return module.exports;
    })();`;
  return execute(process.execPath, [...nodeOptions, ...programArguments(loaded + code)], {
    timeout,
    killSignal: 'SIGKILL',
    env: { ...process.env, LD_PRELOAD: faults },
  });
}
