/** Location and spread of numbers that are all finite. */

/** How a number becomes a feature: `(x - centre) / spread`. */
export interface Scaling {
  readonly centre: number;
  readonly spread: number;
}

export type Scale = 'none' | 'standard' | 'robust';

/**
 * The scaling of a column: mean and standard deviation (of N, not N - 1), or median and distance of the quartiles.
 *
 * A spread of 0 counts as 1, as in scikit-learn's StandardScaler and RobustScaler.
 */
export function scalingOf(values: Float64Array, scale: Scale): Scaling {
  if (scale === 'none') return { centre: 0, spread: 1 };
  if (scale === 'standard') {
    const centre = mean(values);
    return { centre, spread: deviation(values, centre) || 1 };
  }
  const sorted = values.toSorted();
  return { centre: quantile(sorted, 0.5), spread: quantile(sorted, 0.75) - quantile(sorted, 0.25) || 1 };
}

export const median = (values: Float64Array): number => quantile(values.toSorted(), 0.5);

/** A running mean: the sum of large numbers could exceed the largest float64. */
function mean(values: Float64Array): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result += ((values[i] as number) - result) / (i + 1);
  return result;
}

/** Squares of differences relative to the largest one neither overflow nor vanish. */
function deviation(values: Float64Array, centre: number): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value - centre));
  if (largest === 0) return 0;
  let sum = 0;
  for (const value of values) sum += ((value - centre) / largest) ** 2;
  return largest * Math.sqrt(sum / values.length);
}

/** A quantile of sorted numbers, linear between two of them, as numpy's. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  const weight = position - below;
  return low * (1 - weight) + high * weight;
}
