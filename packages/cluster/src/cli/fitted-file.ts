/** A fit of a file: what it was told, and everything that is known after it. */
import type { Classes, FeatureOptions, Features, Table, Transformation } from '../data/index.js';
import { type Estimator, type ModelOptions, modelNamed, type Standing } from '../estimators/index.js';
import type { Assigned } from './assignment.js';
import type { ReadingValues } from './options.js';

export interface FitValues extends ReadingValues, Omit<ModelOptions, 'clusters'> {
  readonly clusters?: number;
  readonly model?: string;
  readonly columns?: readonly string[];
  readonly label?: string;
  readonly id?: string;
  readonly scale?: NonNullable<FeatureOptions['scale']>;
  readonly impute?: 'median';
  readonly out: string;
  readonly json?: boolean;
}

/** Everything that is known after a fit. */
export interface FittedFile {
  readonly file: string;
  readonly values: FitValues;
  readonly table: Table;
  readonly transformation: Transformation;
  readonly x: Features;
  readonly classes: Classes | undefined;
  readonly clusters: number;
  /** The name of the model. */
  readonly model: string;
  readonly estimator: Estimator;
  readonly standing: Standing | undefined;
  readonly assigned: Assigned;
  readonly interrupted: boolean;
  readonly seconds: number;
}

export const modelOptions = (
  { seed, objective, kernel, epochs, restarts }: FitValues,
  clusters: number,
): ModelOptions => ({
  ...{ clusters, seed, objective, kernel, epochs, restarts },
});

/** The name of the objective's value. */
export const maximised = ({ values, clusters, model }: FittedFile): string =>
  modelNamed(model).maximises(modelOptions(values, clusters));
