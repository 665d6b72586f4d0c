/** Work on the event loop's own thread that can be done at once, or with turns of the loop in between. */
import { setImmediate as turn } from 'node:timers/promises';

/** Work in parts: it yields after each. */
export type Parts<Result> = Generator<void, Result>;

/** Milliseconds of work before others get a turn. */
const LONGEST_MS = 3;

/** Does all parts. */
export function atOnce<Result>(parts: Parts<Result>): Result {
  let next = parts.next();
  while (!next.done) next = parts.next();
  return next.value;
}

/** Does all parts, and takes turns with others after some milliseconds. */
export async function inTurns<Result>(parts: Parts<Result>): Promise<Result> {
  let last = performance.now();
  let next = parts.next();
  while (!next.done) {
    if (performance.now() - last > LONGEST_MS) {
      await turn();
      last = performance.now();
    }
    next = parts.next();
  }
  return next.value;
}
