/** `genmi-cluster sweep`: many fits of one file, each stored once, and ranked without labels. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { outOfRange } from '../errors.js';
import { createModel } from '../estimators/index.js';
import { modelOptions, RunFolder } from '../run/index.js';
import {
  type Choice,
  csvOf,
  describeChoice,
  hashOfFile,
  type Job,
  jobsOf,
  missingOf,
  type Outcome,
  partOf,
  readSweepFile,
  type SummaryRow,
  type Sweep,
  startThread,
  store,
  summarise,
  workOff,
} from '../sweep/index.js';
import { within } from './errors.js';
import { interruptible } from './interruption.js';
import { integer } from './options.js';
import { createSweepProgress } from './progress.js';
import { version } from './version.js';

interface SweepValues {
  readonly out: string;
  readonly workers: number;
  readonly taskIndex?: number;
  readonly taskCount?: number;
  readonly collect?: boolean;
  readonly json?: boolean;
}

export function sweepCommand(): Command {
  return new Command('sweep')
    .description(
      'many fits of one file, stored one by one and ranked without labels; the same command continues a sweep',
    )
    .argument('<file>', 'the data and the fits, in YAML or JSON')
    .option('--out <folder>', 'the folder of the results', 'sweep')
    .option('--workers <n>', 'the number of threads that fit', integer(1), availableParallelism())
    .option('--task-index <i>', 'fit part i = 0, …, n - 1 alone, for an array of tasks', integer(0))
    .option('--task-count <n>', 'the number of parts', integer(1))
    .option('--collect', 'fit nothing: summarise the results that are there')
    .option('--json', 'print the summary as one JSON object')
    .action(sweep);
}

async function sweep(file: string, values: SweepValues): Promise<void> {
  checkTask(values);
  const plan = await planOf(file);
  const folder = await RunFolder.open(values.out);
  const say = (text: string) => values.json || console.log(text);
  for (const note of plan.notes) say(note);
  let failed = 0;
  try {
    if (!values.collect) failed = await fitMissing(plan, values, say);
  } catch (error) {
    await folder.discard(); // stored results stay
    throw error;
  }
  if (values.taskCount === undefined) await writeSummary(plan, folder, values);
  else {
    const task = { index: values.taskIndex, count: values.taskCount, failed };
    console.log(
      values.json ? JSON.stringify({ task }) : `part ${task.index} of ${task.count} is done, ${failed} failed`,
    );
  }
  if (failed > 0) process.exitCode = 1;
}

function checkTask({ taskIndex, taskCount, collect }: SweepValues): void {
  if (taskIndex === undefined && taskCount === undefined) return;
  if (collect) throw outOfRange('--collect', 'no --task-index and --task-count beside it', 'both');
  if (taskIndex === undefined || taskCount === undefined)
    throw outOfRange('--task-index and --task-count', 'both or none', 'one of them');
  if (taskIndex < taskCount) return;
  throw outOfRange('--task-index', `0 to ${taskCount - 1}, one less than --task-count at most`, `${taskIndex}`);
}

/** What is to be fitted. */
interface Plan extends Sweep {
  /** The hash of the content of the data. */
  readonly content: string;
  readonly jobs: readonly Job[];
}

async function planOf(file: string): Promise<Plan> {
  const sweep = await readSweepFile(file);
  const { data, choices } = sweep;
  for (const choice of choices)
    within(`${file}, ${describeChoice(choice)}`, () =>
      createModel(choice.model, modelOptions(choice, choice.clusters ?? 2)),
    );
  const content = await hashOfFile(data.file);
  return { ...sweep, content, jobs: jobsOf(version, content, data, choices) };
}

/** Makes and stores the fits that have no result yet, and returns the number of those that failed. */
async function fitMissing({ data, jobs }: Plan, values: SweepValues, say: (text: string) => void): Promise<number> {
  const { out, workers, taskIndex, taskCount } = values;
  const part = taskIndex === undefined ? jobs : partOf(jobs, taskIndex, taskCount as number);
  const missing = await missingOf(out, part);
  say(`${part.length} fits of ${data.file}: ${part.length - missing.length} are stored, ${missing.length} to do`);
  using interruption = interruptible();
  const progress = createSweepProgress(missing.length, say);
  const threads = Math.max(1, Math.floor(availableParallelism() / workers));
  try {
    await workOff(missing, {
      workers,
      start: () => startThread({ data, threads }),
      signal: interruption.signal,
      onProgress: progress.onProgress,
      async onEnd(job, outcome) {
        await store(out, version, job, outcome);
        progress.onEnd(outcome.failure !== undefined, describeOutcome(job, outcome));
      },
    });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    const message = `interrupted: ${progress.ended} of ${missing.length} fits are stored; the same command continues`;
    throw Object.assign(new Error(message), { code: 'ERR_INTERRUPTED' });
  } finally {
    progress.stop();
  }
  return progress.failed;
}

function describeOutcome({ choice }: Job, { attempts, result, failure }: Outcome): string {
  if (result === undefined) return `${describeChoice(choice)}: failed after ${attempts} attempts: ${failure.message}`;
  const { objective, clusters, seconds } = result;
  const value = objective.value === null ? '' : `${objective.name} ${Number(objective.value.toPrecision(4))}, `;
  return `${describeChoice(choice)}: ${value}${clusters.used} clusters, ${seconds} s`;
}

async function writeSummary(
  { data, content, jobs, notes }: Plan,
  folder: RunFolder,
  { json }: SweepValues,
): Promise<void> {
  const fits = await summarise(folder.path, jobs);
  const count = (wanted: SummaryRow['status']) => fits.filter(({ status }) => status === wanted).length;
  const counts = { done: count('done'), failed: count('failed'), missing: count('missing') };
  const { label } = data.features;
  const summary = {
    version,
    data: { file: data.file, sha256: content },
    ...(label && { label }),
    notes,
    ...counts,
    fits,
  };
  await folder.writeResults(summary, 'sweep.json');
  await folder.write('sweep.csv', csvOf(fits));
  console.log(json ? JSON.stringify(summary) : describeSweep(fits, counts, folder.path));
  if (counts.done < fits.length) process.exitCode = 1;
}

/** The best fits are shown up to this number. */
const MOST_SHOWN = 10;

function describeSweep(
  fits: readonly SummaryRow[],
  { done, failed, missing }: Readonly<Record<SummaryRow['status'], number>>,
  folder: string,
): string {
  const digits = (value: number | null) => (value === null ? '-' : value.toFixed(3));
  const lines = fits.slice(0, Math.min(done, MOST_SHOWN)).map((row) => {
    const known = row.ari === null ? '' : `, ARI ${digits(row.ari)}`;
    const fit = describeChoice(withoutNull(row));
    return `${`${row.rank}.`.padStart(4)} ${fit}: ${row.usedClusters} clusters used, silhouette ${digits(row.silhouette)}${known}`;
  });
  const first = fits.find(({ status }) => status === 'failed');
  return [
    '',
    `${done} fits, ranked by their agreement with all others; ${failed} failed, ${missing} missing`,
    ...lines,
    ...(first ? [`failed: ${describeChoice(withoutNull(first))}: ${first.error}`] : []),
    '',
    `${path.join(folder, 'sweep.csv')} has all of them; sweep.json, and the labels of each fit in KEY.json, are beside it.`,
  ].join('\n');
}

/** The options of a row. */
const withoutNull = (row: SummaryRow) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Choice;
