#!/usr/bin/env node
/** The command `genmi`: `info` describes the installation, `build` compiles the addon, `bench` times the objectives. */
import { parseArgs } from 'node:util';
import { version } from '../version.js';
import { bench, UsageError } from './bench.js';

const usage = `Usage: genmi <command>

  info                     version, native addon, threads, device
  build                    compiles the native addon where no binary fits: two minutes, with a C++20 compiler
  bench                    time of a call, one-vs-all beside one-vs-one
    --objectives a,b,…     default: all; an unknown name lists all names
    --n 256,1000           numbers of samples
    --batch 10,500         sizes of mini-batches; without --n also the numbers of samples
    --k 2,10,50            numbers of clusters
    --seconds 0.2          time spent on each figure
    --json FILE            also write the figures, after each one
    --html FILE            also draw time against K; defaults are then --batch 10,500 and --k 2,5,10,20,50

  -h, --help               this text
  --version                the version of genmi`;

async function info(args: string[]): Promise<void> {
  parseArgs({ args });
  const { info } = await import('../config.js');
  for (const [name, value] of Object.entries(info())) console.log(`${name.padEnd(13)} ${value}`);
}

async function build(args: string[]): Promise<void> {
  parseArgs({ args });
  const { buildAddon } = await import('./build.js');
  await buildAddon();
}

const isHelp = (argument: string) => argument === '-h' || argument === '--help';

async function main(args: string[]): Promise<void> {
  const [command, ...rest] = args;
  if (command === undefined || args.some(isHelp)) return console.log(usage);
  if (command === '--version') return console.log(version);
  if (command === 'info') return info(rest);
  if (command === 'build') return build(rest);
  if (command !== 'bench') throw new UsageError(`expected 'info', 'build' or 'bench', received '${command}'`);
  if (!(await bench(rest))) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: Error & { code?: string }) => {
  const misused = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  console.error(misused ? `genmi: ${error.message}\n\n${usage}` : `genmi: ${error.message}`);
  process.exitCode = misused ? 2 : 1;
});
