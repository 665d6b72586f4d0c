/** The quantile, linearly interpolated between two values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return below + (position % 1) * (above - below);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Median seconds of the calls that fit into a budget of seconds, at least one. */
export function medianSeconds(work: () => unknown, budget: number): number {
  const seconds: number[] = [];
  let spent = 0;
  do {
    const [elapsed] = timed(work);
    seconds.push(elapsed);
    spent += elapsed;
  } while (spent < budget);
  return median(seconds);
}

/** Does the work once; returns its seconds and its result. */
export function timed<T>(work: () => T): [seconds: number, result: T] {
  const start = performance.now();
  const result = work();
  return [(performance.now() - start) / 1000, result];
}
