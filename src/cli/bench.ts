/** The command `genmi bench`: reads its options, prints figures, and writes them to files. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatSeconds, tableHead, tableRow } from './table.js';
import type { BatchSize, BenchPlan, Listener, Report } from './timing.js';

/** A wrong command line: the message is followed by the usage. */
export class UsageError extends Error {}

type Format = (report: Report) => string;

interface Output {
  file: string;
  format: Format;
}

interface BenchOptions extends Omit<BenchPlan, 'families'> {
  /** Names of objectives; undefined: all. */
  families: string[] | undefined;
  json: string | undefined;
  html: string | undefined;
}

function readOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      objectives: { type: 'string' },
      n: { type: 'string' },
      batch: { type: 'string' },
      k: { type: 'string' },
      seconds: { type: 'string', default: '0.2' },
      json: { type: 'string' },
      html: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds < Infinity)) {
    throw new UsageError(`--seconds: expected a number > 0, received '${values.seconds}'`);
  }
  const drawn = values.html !== undefined;
  return {
    families: values.objectives === undefined ? undefined : unique(values.objectives.split(',')),
    sizes: readSizes(values.n, values.batch ?? (drawn && values.n === undefined ? '10,500' : undefined)),
    k: positiveIntegers('k', values.k ?? (drawn ? '2,5,10,20,50' : '2,10,50')),
    seconds,
    json: values.json,
    html: values.html,
  };
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

function positiveIntegers(option: string, text: string): number[] {
  const numbers = text.split(',').map(Number);
  if (!numbers.every((each) => Number.isInteger(each) && each > 0)) {
    throw new UsageError(`--${option}: expected positive integers such as 256,1000, received '${text}'`);
  }
  return unique(numbers);
}

function readSizes(n: string | undefined, batch: string | undefined): BatchSize[] {
  if (batch === undefined) return positiveIntegers('n', n ?? '256,1000').map((each) => ({ n: each, batch: each }));
  const batches = positiveIntegers('batch', batch);
  if (n === undefined) return batches.map((each) => ({ n: each, batch: each }));
  return positiveIntegers('n', n).flatMap((samples) => {
    const tooLarge = batches.find((each) => each > samples);
    if (tooLarge !== undefined)
      throw new UsageError(`--batch: expected at most the ${samples} samples of --n, received ${tooLarge}`);
    return batches.map((each) => ({ n: samples, batch: each }));
  });
}

/** Measures the figures and prints each at once. Returns false where a figure or a file is missing at the end. */
export async function bench(args: string[]): Promise<boolean> {
  const { families: asked, json, html, ...rest } = readOptions(args);
  const { families } = await import('./families.js');
  const known = Object.keys(families);
  const unknown = asked?.find((each) => !known.includes(each));
  if (unknown !== undefined)
    throw new UsageError(`--objectives: expected any of ${known.join(', ')}, received '${unknown}'`);

  const { formatPage } = await import('./page.js');
  const outputs = [
    ...openOutput('json', json, (report) => `${JSON.stringify(report, null, 2)}\n`),
    ...openOutput('html', html, formatPage),
  ];
  return run({ families: asked ?? known, ...rest }, outputs);
}

/** Checks before the first measurement that the file can be written; its content stays until there is a figure. */
function openOutput(option: string, file: string | undefined, format: Format): Output[] {
  if (file === undefined) return [];
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new UsageError(
      `--${option}: expected a file that can be written, received '${file}' (${(error as Error).message})`,
    );
  }
  return [{ file, format }];
}

async function run(plan: BenchPlan, outputs: readonly Output[]): Promise<boolean> {
  const { newReport, timeObjectives } = await import('./timing.js');
  const report = newReport();
  const failures = new Set<string>();
  const fail = (message: string) => {
    hideProgress();
    if (!failures.has(message)) console.error(`genmi: ${message}`);
    failures.add(message);
  };
  const listener: Listener = {
    begins: showProgress,
    measured(figure) {
      report.figures.push(figure);
      for (const output of outputs) write(output, report, fail);
      hideProgress();
      console.log(tableRow(figure));
    },
    failed: (name, error) => fail(`${name}: ${error.message}`),
  };
  console.log(`${report.machine}\n${duration(plan)}\n\n${tableHead}`);
  timeObjectives(plan, listener);
  hideProgress();
  return failures.size === 0;
}

/** How long the plan takes: both objectives of a figure, one-vs-all and one-vs-one, are timed for the same seconds. */
function duration({ families, sizes, k, seconds }: BenchPlan): string {
  const rows = families.length * sizes.length * k.length;
  const total = formatSeconds(2 * seconds * rows);
  return `${rows} rows, about ${total}; more where a call takes longer than ${formatSeconds(seconds)}`;
}

/** Writes all figures so far, after each one: however the run ends, none is lost. */
function write({ file, format }: Output, report: Report, fail: (message: string) => void): void {
  try {
    writeFileSync(file, format(report));
  } catch (error) {
    fail((error as Error).message);
  }
}

const CLEAR_LINE = '\r\x1b[K';

function showProgress(name: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${name}`);
}

function hideProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
}
