/** A fit of a file: what it was told, and everything that is known after it. */
import type { FitChoice, FittedTable } from '../run/index.js';
import type { Stability } from '../trust/index.js';
import type { FeatureValues, ReadingValues } from './options.js';

export interface FitValues extends ReadingValues, FeatureValues, FitChoice {
  readonly id?: string;
  readonly stability?: number;
  readonly resume?: boolean;
  readonly out: string;
  readonly json?: boolean;
}

/** Everything that is known after a fit. */
export interface FittedFile extends FittedTable {
  readonly file: string;
  readonly values: FitValues;
  readonly stability?: Stability;
}
