/** What the main thread and the threads of a sweep tell each other. */
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import { reword, type Words } from '../messages.js';
import type { Choice } from './grid.js';
import type { FitResult } from './job.js';

/** An error as plain data: threads and queues lose its class and its code. */
export interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
}

/** From the main thread: what to fit. */
export type Order = Choice;

/** To the main thread. `ready`: the data are read. `unusable`: they cannot be used, whatever is fitted. */
export type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'unusable'; readonly failure: Failure }
  | { readonly type: 'progress'; readonly done: number }
  | { readonly type: 'result'; readonly result: FitResult }
  | { readonly type: 'failure'; readonly failure: Failure };

/** @param words the words of its message; without them it stays as it is */
export function failureOf(error: unknown, words?: Words): Failure {
  if (words) reword(error, words);
  const { name = 'Error', code, message = String(error) } = Object(error) as Partial<Failure>;
  return { name, ...(typeof code === 'string' && { code }), message };
}

/** The error of which `failureOf` made plain data. */
export function errorOf({ name, code, message }: Failure): Error {
  if (name === 'ClusterError') return new ClusterError(code as ClusterErrorCode, message);
  return Object.assign(new Error(message), { name }, code !== undefined && { code });
}
