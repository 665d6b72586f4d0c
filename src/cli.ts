#!/usr/bin/env node
/** The command `genmi`: what is installed, and what the objectives cost on this machine. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Batch, Plan } from './cost-table.js';

const usage = `Usage: genmi <command>

  info                     version, native addon, threads, device
  bench                    seconds per call, one-vs-all beside one-vs-one
    --objectives a,b,…     default kl,tv,hellinger,chi2,mmd,wasserstein
    --n 256,1000           numbers of samples
    --batch 10,500         sizes of mini-batches of them; alone: numbers of samples
    --k 2,10,50            numbers of clusters
    --seconds 0.2          time spent on each figure
    --json FILE            also write the figures
    --html FILE            also draw time against K; by default of batches of 10 and 500, K 2 to 50

  --help                   this text`;

class UsageError extends Error {}

function sizes(option: string, text: string): number[] {
  const numbers = text.split(',').map(Number);
  if (!numbers.every((each) => Number.isInteger(each) && each > 0)) {
    throw new UsageError(`--${option}: expected positive integers such as 256,1000, received '${text}'`);
  }
  return numbers;
}

interface BenchOptions {
  plan: Plan;
  json: string | undefined;
  html: string | undefined;
}

function readBenchOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      objectives: { type: 'string', default: 'kl,tv,hellinger,chi2,mmd,wasserstein' },
      n: { type: 'string' },
      batch: { type: 'string' },
      k: { type: 'string' },
      seconds: { type: 'string', default: '0.2' },
      json: { type: 'string' },
      html: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new UsageError(`--seconds: expected a number > 0, received '${values.seconds}'`);
  const drawn = values.html !== undefined;
  const plan: Plan = {
    families: values.objectives.split(','),
    batches: readBatches(values.n, values.batch ?? (drawn && values.n === undefined ? '10,500' : undefined)),
    k: sizes('k', values.k ?? (drawn ? '2,5,10,20,50' : '2,10,50')),
    seconds,
  };
  return { plan, json: values.json, html: values.html };
}

function readBatches(n: string | undefined, batch: string | undefined): Batch[] {
  if (batch === undefined) return sizes('n', n ?? '256,1000').map((each) => ({ n: each, batch: each }));
  const batches = sizes('batch', batch);
  if (n === undefined) return batches.map((each) => ({ n: each, batch: each }));
  return sizes('n', n).flatMap((samples) => {
    const tooLarge = batches.find((each) => each > samples);
    if (tooLarge !== undefined)
      throw new UsageError(`--batch: expected at most the ${samples} samples of --n, received ${tooLarge}`);
    return batches.map((each) => ({ n: samples, batch: each }));
  });
}

async function printInfo(): Promise<void> {
  const { info } = await import('./config.js');
  const { searchedFolders } = await import('./native.js');
  for (const [name, value] of Object.entries(info())) console.log(`${name.padEnd(13)} ${value}`);
  for (const folder of searchedFolders()) console.log(`${'looked in'.padEnd(13)} ${folder}`);
}

async function bench(args: string[]): Promise<void> {
  const { plan, json, html } = readBenchOptions(args);
  const { families, formatTable, measure } = await import('./cost-table.js');
  const unknown = plan.families.find((family) => !families.includes(family));
  if (unknown !== undefined)
    throw new UsageError(`--objectives: expected any of ${families.join(', ')}, received '${unknown}'`);
  const report = measure(plan, (next) => process.stderr.write(`\r\x1b[K${next}`));
  process.stderr.write('\r\x1b[K');
  console.log(`${report.machine}\n\n${formatTable(report.figures)}`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  if (html !== undefined) {
    const { formatPage } = await import('./cost-page.js');
    writeFileSync(html, formatPage(report));
  }
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
