/** Derivatives by central differences. */

/** The gradient of a function of many numbers. Extrapolated once: the error is of fourth order in the step. */
export function centralDifferences(f: (x: Float64Array) => number, x: Float64Array, step = 1e-3): Float64Array {
  return x.map((_, at) => derivative((t) => f(x.map((value, i) => (i === at ? value + t : value))), step));
}

/** The derivative of a function of one number, at 0. */
export function derivative(f: (t: number) => number, step = 1e-3): number {
  const slope = (h: number) => (f(h) - f(-h)) / (2 * h);
  return (4 * slope(step / 2) - slope(step)) / 3;
}
