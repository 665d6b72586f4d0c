/** The C++ compiler: the first one of this machine that knows C++20, and how it is called. */
import { spawn, spawnSync } from 'node:child_process';

/** The words of a command: the compiler, and arguments that it always gets. */
export type Command = readonly [string, ...string[]];

/** Headers and syntax of C++20 that genmi needs, and a library to link with. */
const TRIAL = `
#include <bit>
#include <concepts>
#include <cstdint>
#include <iostream>
#include <numbers>
#include <span>
#include <thread>
template <std::floating_point T> T turn(std::span<const T> x) { return x.empty() ? T{} : x[0] * std::numbers::pi_v<T>; }
extern "C" int genmi_trial() {
  const double one[] = {1.0};
  std::thread([&] { std::cout << turn(std::span<const double>(one)); }).join();
  return std::popcount(static_cast<std::uint32_t>(one[0]));
}
`;

/** Flags that make a library which Node can open, beside those of native/flags.txt. */
export const LIBRARY_FLAGS: readonly string[] = [
  '-fPIC',
  '-pthread',
  ...(process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
];

/**
 * Finds a compiler by compiling and linking a few lines: $CXX alone where it is set, else g++, clang++ or c++.
 *
 * @throws Error that says of each compiler why it does not serve.
 */
export function findCompiler(flags: readonly string[], output: string): Command {
  const asked = process.env.CXX?.split(' ').filter(Boolean) ?? [];
  const commands = (asked.length > 0 ? [asked] : [['g++'], ['clang++'], ['c++']]) as unknown as Command[];
  const reasons: string[] = [];
  for (const command of commands) {
    const [program, ...args] = [...command, ...flags, ...LIBRARY_FLAGS, '-x', 'c++', '-', '-o', output];
    const { status, error, stderr } = spawnSync(program as string, args, { input: TRIAL, encoding: 'utf8' });
    if (status === 0) return command;
    const isMissing = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    const said = isMissing
      ? 'not found'
      : (stderr.split('\n').find((line) => /error/.test(line)) ?? `ended with ${status}`);
    reasons.push(`  ${command.join(' ')}: ${said}`);
  }
  throw new Error(
    [
      'A C++20 compiler is needed: GCC 11, Clang 14, or later. Tried:',
      ...reasons,
      'Install one, or name one in the environment variable CXX.',
    ].join('\n'),
  );
}

/** Runs the compiler. Rejects with its messages where it fails. */
export function compile(command: Command, args: readonly string[], cwd: string): Promise<void> {
  const [program, ...first] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...first, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const memory = signal === 'SIGKILL' ? ' (it may have needed more memory than there is)' : '';
      reject(new Error(`${program} ended with ${signal ?? code}${memory}\n${said.slice(0, 4000)}`));
    });
  });
}
