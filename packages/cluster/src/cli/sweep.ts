/** `genmi-cluster sweep`: many fits of one file, each stored once, and ranked without labels. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Command } from 'commander';
import { outOfRange } from '../errors.js';
import { createModel } from '../estimators/index.js';
import { reword } from '../messages.js';
import { modelOptions, prepare, RunFolder } from '../run/index.js';
import {
  type Choice,
  type CollectOptions,
  collectFrom,
  csvOf,
  describeChoice,
  FitThread,
  hashOfFile,
  type Job,
  jobsOf,
  missingOf,
  type Outcome,
  openQueue,
  partOf,
  readSweepFile,
  type SummaryRow,
  type Sweep,
  startThread,
  store,
  summarise,
  wordsOf,
  workFor,
  workOff,
} from '../sweep/index.js';
import { commandOf } from './command-line.js';
import { within } from './errors.js';
import { interruptible } from './interruption.js';
import { integer } from './options.js';
import { createSweepProgress } from './progress.js';
import { describeOutcome, describeSweep } from './sweep-descriptions.js';
import { version } from './version.js';

interface SweepValues {
  readonly out: string;
  readonly workers: number;
  readonly taskIndex?: number;
  readonly taskCount?: number;
  readonly collect?: boolean;
  readonly redis?: string;
  readonly worker?: boolean;
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
    .option('--redis <url>', 'fit in other processes, which `--worker` starts on any machine with the data')
    .option('--worker', 'with --redis: fit what another process has in the queue, until Ctrl-C')
    .option('--json', 'print the summary as one JSON object')
    .action((file: string, values: SweepValues) =>
      sweep(file, values).catch((error) => {
        reword(error, wordsOf(file));
        throw error;
      }),
    );
}

async function sweep(file: string, values: SweepValues): Promise<void> {
  checkTask(values);
  const plan = await planOf(file);
  if (values.worker) return work(plan, values);
  const folder = await RunFolder.open(values.out);
  const say = (text: string) => values.json || console.log(text);
  for (const note of plan.notes) say(note);
  let failed = 0;
  try {
    if (!values.collect) failed = await fitMissing(plan, values, say);
    if (values.taskCount === undefined) await writeSummary(plan, folder, values);
    else sayOfTask(values, failed);
  } catch (error) {
    await folder.discard(); // stored results stay
    throw error;
  }
  if (failed > 0) process.exitCode = 1;
}

function sayOfTask({ taskIndex: index, taskCount: count, json }: SweepValues, failed: number): void {
  const text = `part ${index} of ${count} is done, ${failed} failed`;
  console.log(json ? JSON.stringify({ task: { index, count, failed } }) : text);
}

function checkTask({ taskIndex, taskCount, collect, redis, worker }: SweepValues): void {
  if (worker && (redis === undefined || collect))
    throw outOfRange('--worker', '--redis beside it, no --collect', 'another');
  if (redis !== undefined && (taskIndex ?? taskCount) !== undefined)
    throw outOfRange('--redis', 'no --task-index and --task-count beside it', 'both');
  if (taskIndex === undefined && taskCount === undefined) return;
  if (collect) throw outOfRange('--collect', 'no --task-index and --task-count beside it', 'both');
  if (taskIndex === undefined || taskCount === undefined)
    throw outOfRange('--task-index and --task-count', 'both or none', 'one of them');
  if (taskIndex < taskCount) return;
  throw outOfRange('--task-index', `0 to ${taskCount - 1}, one less than --task-count at most`, `${taskIndex}`);
}

/** What is to be fitted. */
interface Plan extends Sweep {
  /** The file of the sweep. */
  readonly source: string;
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
  return { ...sweep, source: file, content, jobs: jobsOf(version, content, data, choices) };
}

/** Makes and stores the fits that have no result yet, and returns the number of those that failed. */
async function fitMissing(plan: Plan, values: SweepValues, say: (text: string) => void): Promise<number> {
  const { data, jobs } = plan;
  const { out, taskIndex, taskCount } = values;
  const part = taskIndex === undefined ? jobs : partOf(jobs, taskIndex, taskCount as number);
  const missing = await missingOf(out, part);
  say(
    `${part.length} ${part.length === 1 ? 'fit' : 'fits'} of ${data.file}: ${part.length - missing.length} are stored, ${missing.length} to do`,
  );
  using interruption = interruptible();
  const { signal } = interruption;
  const progress = createSweepProgress(missing.length, say);
  const onEnd = async (job: Job, outcome: Outcome) => {
    await store(out, version, job, outcome);
    progress.onEnd(outcome.failure !== undefined, describeOutcome(job.choice, outcome));
  };
  try {
    if (values.redis === undefined)
      await workOff(missing, { ...threadsOf(plan, values), signal, onEnd, onProgress: progress.onProgress });
    else if (missing.length > 0) await fitElsewhere(plan, missing, values.redis, { signal, onEnd });
  } catch (error) {
    if (!signal.aborted) throw error;
    const message = `interrupted: ${progress.ended} of ${missing.length} fits are stored; the same command continues`;
    throw Object.assign(new Error(message), { code: 'ERR_INTERRUPTED' });
  } finally {
    progress.stop();
  }
  return progress.failed;
}

/** The threads share the cores. */
function threadsOf({ data, source }: Plan, { workers }: SweepValues): { workers: number; start: () => Worker } {
  const threads = Math.max(1, Math.floor(availableParallelism() / workers));
  return { workers, start: () => startThread({ data, source, threads }) };
}

async function fitElsewhere(plan: Plan, missing: readonly Job[], url: string, options: CollectOptions): Promise<void> {
  const { file, reading, features } = plan.data;
  await prepare(file, reading, features); // says what is wrong with the data, before others fail with them
  await collectFrom(await openQueue(url, plan.jobs), missing, options);
}

/** Fits for other processes, until Ctrl-C. */
async function work(plan: Plan, values: SweepValues): Promise<void> {
  using interruption = interruptible();
  const place = await openQueue(values.redis as string, plan.jobs);
  const { workers, start } = threadsOf(plan, values);
  const threads = Array.from({ length: workers }, () => new FitThread(start));
  try {
    await Promise.all(threads.map((thread) => thread.start()));
    console.log(`waiting for fits of ${plan.data.file}; Ctrl-C ends it, after the fits that have begun`);
    const onEnd = (choice: Choice, outcome: Outcome) => console.log(describeOutcome(choice, outcome));
    await workFor(place, threads, { signal: interruption.signal, onEnd });
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

async function writeSummary(plan: Plan, folder: RunFolder, { json }: SweepValues): Promise<void> {
  const { data, content, jobs, notes } = plan;
  const fits = await summarise(folder.path, jobs);
  const count = (wanted: SummaryRow['status']) => fits.filter(({ status }) => status === wanted).length;
  const counts = { done: count('done'), failed: count('failed'), missing: count('missing') };
  const { label } = data.features;
  const command = commandOfFirst(plan, fits);
  const said = { ...(label && { label }), notes, ...counts, ...(command && { command }) };
  const summary = { version, data: { file: data.file, sha256: content }, ...said, fits };
  await folder.writeResults(summary, 'sweep.json');
  await folder.write('sweep.csv', csvOf(fits));
  await folder.keep();
  console.log(json ? JSON.stringify(summary) : describeSweep(fits, counts, folder.path, command));
  if (counts.done < fits.length) process.exitCode = 1;
}

/** The command that makes the fit of rank 1 once more, with its model and its page. */
function commandOfFirst({ data, jobs }: Plan, [first]: readonly SummaryRow[]): string | undefined {
  if (first?.status !== 'done') return undefined;
  const { choice } = jobs.find(({ key }) => key === first.key) as Job;
  const { types: type, ...reading } = data.reading;
  const values = { ...(type && { type }), ...reading, ...data.features, ...choice, out: 'run' };
  return commandOf({ file: data.file, values, model: choice.model, options: { clusters: first.clusters as number } });
}
