/** Many fits of one data set: in threads, in tasks of an array, continued after an interruption. */
export type { Choice } from './grid.js';
export { hashOfFile, type Job, jobsOf } from './job.js';
export { type CollectOptions, collectFrom, openQueue, workFor } from './queue.js';
export { store } from './results.js';
export { csvOf, describeChoice, type SummaryRow, summarise } from './summary.js';
export { readSweepFile, type Sweep } from './sweep-file.js';
export { FitThread, type Outcome, startThread } from './threads.js';
export { wordsOf } from './words.js';
export { missingOf, partOf, workOff } from './work.js';
