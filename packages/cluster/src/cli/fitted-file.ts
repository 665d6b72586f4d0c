/** A fit of a file: what it was told, and everything that is known after it. */
import type { FeatureOptions } from '../data/index.js';
import type { FitChoice, FittedTable } from '../run/index.js';
import type { ReadingValues } from './options.js';

export interface FitValues extends ReadingValues, FitChoice {
  readonly columns?: readonly string[];
  readonly label?: string;
  readonly id?: string;
  readonly scale?: NonNullable<FeatureOptions['scale']>;
  readonly impute?: 'median';
  readonly out: string;
  readonly json?: boolean;
}

/** Everything that is known after a fit. */
export interface FittedFile extends FittedTable {
  readonly file: string;
  readonly values: FitValues;
}
