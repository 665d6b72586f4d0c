#!/usr/bin/env node
/** The command `genmi`: what is installed, and what the objectives cost on this machine. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Plan } from './cost-table.js';

const usage = `Usage: genmi <command>

  info                     version, native addon, threads, device
  bench                    seconds per call, one-vs-all beside one-vs-one
    --objectives a,b,…     default kl,tv,hellinger,chi2,mmd,wasserstein
    --n 256,1000           numbers of samples
    --k 2,10,50            numbers of clusters
    --seconds 0.2          time spent on each figure
    --json FILE            also write the figures

  --help                   this text`;

class UsageError extends Error {}

function sizes(option: string, text: string): number[] {
  const numbers = text.split(',').map(Number);
  if (!numbers.every((each) => Number.isInteger(each) && each > 0)) {
    throw new UsageError(`--${option}: expected positive integers such as 256,1000, received '${text}'`);
  }
  return numbers;
}

function readPlan(args: string[]): Plan & { json?: string | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      objectives: { type: 'string', default: 'kl,tv,hellinger,chi2,mmd,wasserstein' },
      n: { type: 'string', default: '256,1000' },
      k: { type: 'string', default: '2,10,50' },
      seconds: { type: 'string', default: '0.2' },
      json: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new UsageError(`--seconds: expected a number > 0, received '${values.seconds}'`);
  return {
    families: values.objectives.split(','),
    n: sizes('n', values.n),
    k: sizes('k', values.k),
    seconds,
    json: values.json,
  };
}

async function printInfo(): Promise<void> {
  const { info } = await import('./config.js');
  const { searchedFolders } = await import('./native.js');
  for (const [name, value] of Object.entries(info())) console.log(`${name.padEnd(13)} ${value}`);
  for (const folder of searchedFolders()) console.log(`${'looked in'.padEnd(13)} ${folder}`);
}

async function bench(args: string[]): Promise<void> {
  const { json, ...plan } = readPlan(args);
  const { families, formatTable, measure } = await import('./cost-table.js');
  const unknown = plan.families.find((family) => !families.includes(family));
  if (unknown !== undefined)
    throw new UsageError(`--objectives: expected any of ${families.join(', ')}, received '${unknown}'`);
  const rows = await measure(plan, (row) => process.stderr.write(`\r\x1b[K${row.objective} N=${row.n} K=${row.k}`));
  process.stderr.write('\r\x1b[K');
  console.log(formatTable(rows));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
}

async function main([command, ...rest]: string[]): Promise<void> {
  if (command === undefined || command === '--help' || rest.includes('--help')) return console.log(usage);
  if (command === 'info') return printInfo();
  if (command === 'bench') return bench(rest);
  throw new UsageError(`expected 'info' or 'bench', received '${command}'`);
}

main(process.argv.slice(2)).catch((error: Error & { code?: string }) => {
  const misused =
    error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS') || error.code === 'ERR_OUT_OF_RANGE';
  console.error(misused ? `genmi: ${error.message}\n\n${usage}` : `genmi: ${error.message}`);
  process.exitCode = misused ? 2 : 1;
});
