/** A thread that reads the data once, and fits what it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { config } from 'genmi';
import type { Words } from '../messages.js';
import {
  agreementOf,
  type FittedTable,
  fitTable,
  judge,
  type Prepared,
  prepare,
  silhouettesOfSome,
} from '../run/index.js';
import type { FitResult } from './job.js';
import { failureOf, type Message, type Order } from './messages.js';
import type { DataChoice } from './sweep-file.js';
import { wordsOf } from './words.js';

/** What a thread is started with. */
export interface ThreadData {
  readonly data: DataChoice;
  /** The file of the sweep. */
  readonly source: string;
  /** Threads that one computation may use. */
  readonly threads: number;
}

const tell = (message: Message) => parentPort?.postMessage(message);

async function main({ data, source, threads }: ThreadData): Promise<void> {
  config({ threads });
  const words = wordsOf(source);
  let prepared: Prepared;
  try {
    prepared = await prepare(data.file, data.reading, data.features);
  } catch (error) {
    tell({ type: 'unusable', failure: failureOf(error, words) });
    return;
  }
  parentPort?.on('message', (order: Order) => void answer(prepared, order, words));
  tell({ type: 'ready' });
}

async function answer(prepared: Prepared, choice: Order, words: Words): Promise<void> {
  try {
    const fitted = await fitTable(prepared, choice, { onProgress: (done) => tell({ type: 'progress', done }) });
    tell({ type: 'result', result: resultOf(fitted, choice.seed) });
  } catch (error) {
    tell({ type: 'failure', failure: failureOf(error, words) });
  }
}

function resultOf(fitted: FittedTable, seed: number): FitResult {
  const { x, classes, assigned } = fitted;
  const { labels } = assigned;
  const judged = judge(fitted, silhouettesOfSome(x, labels, seed));
  return { ...judged, ...(classes && { agreement: agreementOf(classes, labels) }), labels: Array.from(labels) };
}

await main(workerData as ThreadData);
