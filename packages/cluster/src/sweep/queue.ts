/** Fits on several machines, by a queue in Redis (BullMQ): one process adds them and stores results, others fit. */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { ConnectionOptions, Queue, Job as QueuedJob } from 'bullmq';
import { describe, failed, outOfRange } from '../errors.js';
import type { Choice } from './grid.js';
import type { Job } from './job.js';
import { ATTEMPTS, type FitThread, type Outcome } from './threads.js';

interface Packages {
  readonly bullmq: typeof import('bullmq');
  readonly ioredis: Pick<typeof import('ioredis'), 'Redis'>;
}

/** A queue that can be reached. `openQueue` makes one. */
export interface QueuePlace extends Packages {
  readonly name: string;
  readonly connection: ConnectionOptions;
}

/** A process that dies is noticed after this time: its fit then goes to another one. */
const LOCK_MS = 5000;
const RECONNECT_MS = 1000;
const POLL_MS = 500;
const CHUNK = 1000;
const NEVER = new AbortController().signal;

/**
 * Finds the queue of these jobs. Processes with the same jobs, and so with the same data, options and version, share one.
 *
 * @throws RangeError ERR_OUT_OF_RANGE for another address; ClusterError ERR_PEER_NOT_FOUND without bullmq or ioredis; an
 *   Error with the code ERR_REDIS where no server answers
 */
export async function openQueue(url: string, jobs: readonly Job[], load = loadPackages): Promise<QueuePlace> {
  if (!/^rediss?:\/\/./.test(url) || !URL.canParse(url))
    throw outOfRange('redis', 'an address as redis://localhost:6379', describe(url));
  const packages = await load().catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const remedy = 'run `npm install bullmq@6 ioredis@5` beside it, or sweep without Redis';
    throw failed('ERR_PEER_NOT_FOUND', 'redis', 'the packages bullmq and ioredis', 'not both', remedy, error);
  });
  await checkServer(packages, url);
  const hash = createHash('sha256')
    .update(jobs.map(({ key }) => key).join())
    .digest('hex');
  // While the server is away commands wait, and results are kept: no limit of retries.
  const connection = { url, maxRetriesPerRequest: null, retryStrategy: () => RECONNECT_MS };
  return { ...packages, name: `genmi-cluster-${hash.slice(0, 32)}`, connection };
}

const loadPackages = async (): Promise<Packages> => {
  const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
  return { bullmq, ioredis };
};

async function checkServer({ ioredis }: Packages, url: string): Promise<void> {
  const client = new ioredis.Redis(url, { lazyConnect: true, retryStrategy: () => null });
  let cause: Error | undefined;
  client.on('error', (error: Error) => {
    cause = error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    const { message } = cause ?? (error as Error);
    const place = `redis: expected a server at ${new URL(url).host}`; // without a password
    throw Object.assign(new Error(`${place}, received none (${message}); start it, or correct the address`), {
      code: 'ERR_REDIS',
    });
  } finally {
    client.disconnect();
  }
}

export interface CollectOptions {
  /** Ends the waiting; the queue keeps the jobs, and results that come later. */
  readonly signal: AbortSignal;
  /** Called with each job that ended, one after the other. Its result then leaves the queue. */
  onEnd(job: Job, outcome: Outcome): Promise<void>;
}

/** Adds jobs to a queue, and waits until others have made all of them. @throws the reason of the signal; as `onEnd` */
export async function collectFrom(place: QueuePlace, jobs: readonly Job[], options: CollectOptions): Promise<void> {
  const { signal, onEnd } = options;
  const queue = new place.bullmq.Queue<Choice, Outcome>(place.name, { connection: place.connection });
  queue.on('error', () => {}); // the connection is made again
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const pending = new Map(jobs.map((job) => [job.key, job]));
  const collect = async () => {
    while (pending.size > 0) {
      signal.throwIfAborted();
      // All at first, and those of a server that lost its data.
      if ((await queue.getJobCountByTypes()) < pending.size) await add(queue, [...pending.values()]);
      for (const ended of await queue.getJobs(['completed', 'failed'], 0, CHUNK / 10)) {
        const job = pending.get(ended.id as string);
        if (job !== undefined) await onEnd(job, outcomeOf(ended));
        pending.delete(ended.id as string);
        await ended.remove();
      }
      if (pending.size > 0) await setTimeout(POLL_MS);
    }
  };
  try {
    await Promise.race([collect(), aborted]);
    await queue.obliterate({ force: true }); // of an empty queue, its counters and events
  } finally {
    await queue.disconnect();
  }
}

/** Adds jobs; one whose key is in the queue stays as it is. */
async function add(queue: Queue<Choice, Outcome>, jobs: readonly Job[]): Promise<void> {
  for (let start = 0; start < jobs.length; start += CHUNK) {
    const part = jobs.slice(start, start + CHUNK);
    await queue.addBulk(
      part.map(({ key, choice }) => ({ name: 'fit', data: choice, opts: { jobId: key, attempts: ATTEMPTS } })),
    );
  }
}

/** A failed job is one whose processes died. */
function outcomeOf({ returnvalue, failedReason }: QueuedJob<Choice, Outcome>): Outcome {
  return returnvalue ?? { attempts: ATTEMPTS, failure: { name: 'Error', message: failedReason } };
}

export interface WorkForOptions {
  /** Ends the work: fits that have begun are finished. */
  readonly signal: AbortSignal;
  onEnd(choice: Choice, outcome: Outcome): void;
}

/** Makes the fits of a queue in threads until the signal ends it. */
export async function workFor(
  place: QueuePlace,
  threads: readonly FitThread[],
  { signal, onEnd }: WorkForOptions,
): Promise<void> {
  const idle = [...threads];
  const fit = async ({ data }: QueuedJob<Choice, Outcome>) => {
    const thread = idle.pop() as FitThread; // there is one: `concurrency` says so
    try {
      const outcome = await thread.fit(data, NEVER, () => {});
      onEnd(data, outcome);
      return outcome;
    } finally {
      idle.push(thread);
    }
  };
  const worker = new place.bullmq.Worker<Choice, Outcome>(place.name, fit, {
    connection: place.connection,
    concurrency: threads.length,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS / 2,
    maxStalledCount: ATTEMPTS - 1,
  });
  worker.on('error', () => {}); // the connection is made again; a lost lock means that another process fits, too
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await worker.close();
}
