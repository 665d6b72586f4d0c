/** A fit of a file, from its columns to clusters and to numbers that judge them. */
import {
  type Classes,
  classesOf,
  type FeatureOptions,
  type Features,
  fitFeatures,
  type ReadOptions,
  readTable,
  type Table,
  type Transformation,
  transform,
} from '../data/index.js';
import { outOfRange } from '../errors.js';
import {
  createModel,
  defaultModel,
  type Estimator,
  type FitOptions,
  type ModelOptions,
  modelNamed,
  models,
  type Resumption,
  type Standing,
} from '../estimators/index.js';
import { putInFront } from '../messages.js';
import { type Assigned, assign } from './assignment.js';
import type { SomeSilhouettes } from './silhouettes.js';

/** Without a label that says more, this number of clusters is looked for. */
export const CLUSTERS = 8;

/** A table that is ready to be fitted. */
export interface Prepared {
  readonly table: Table;
  readonly transformation: Transformation;
  readonly x: Features;
  /** The known classes, where a label is named. */
  readonly classes: Classes | undefined;
}

/** Reads a file, and makes features of its columns. @throws as readTable, fitFeatures, transform and classesOf */
export async function prepare(file: string, reading: ReadOptions, features: FeatureOptions): Promise<Prepared> {
  const table = await readTable(file, reading);
  const transformation = fitFeatures(table, features);
  const x = transform(transformation, table);
  const { label } = features;
  return { table, transformation, x, classes: label === undefined ? undefined : classesOf(table, label) };
}

/** The number of clusters that was given, else that of the classes. @throws RangeError ERR_OUT_OF_RANGE for too many */
export function clustersOf({ table, classes }: Prepared, given?: number): number {
  if (given === undefined) return Math.min(table.rows, classes?.names.length ?? CLUSTERS);
  if (given <= table.rows) return given;
  throw outOfRange('clusters', `at most the ${table.rows} rows of ${table.source}`, `${given}`);
}

/** Runs a fit of a table. The error for samples that it cannot take names the file. */
export async function onRowsOf<T>({ source }: Table, fit: () => Promise<T>): Promise<T> {
  try {
    return await fit();
  } catch (error) {
    if (Object(error).code === 'ERR_OUT_OF_RANGE') putInFront(source, error);
    throw error;
  }
}

/** The options of a fit. */
export interface FitChoice extends Omit<ModelOptions, 'clusters'> {
  /** Default: `defaultModel`. */
  readonly model?: string | undefined;
  /** Default: the number of classes, else `CLUSTERS`. */
  readonly clusters?: number | undefined;
}

/** Everything that is known after a fit. */
export interface FittedTable extends Prepared {
  readonly model: string;
  readonly options: ModelOptions;
  readonly estimator: Estimator;
  readonly standing: Standing | undefined;
  readonly assigned: Assigned;
  /** Whether `stop` ended it early. */
  readonly interrupted: boolean;
  readonly seconds: number;
}

/**
 * Fits a model to a table.
 *
 * @throws RangeError ERR_OUT_OF_RANGE for more clusters than rows, and for a checkpoint of a model that cannot resume; as
 *   createModel and fit
 */
export async function fitTable(
  prepared: Prepared,
  choice: FitChoice,
  { stop, onProgress, checkpoint, resume }: Pick<FitOptions, 'stop' | 'onProgress'> & Resumption = {},
): Promise<FittedTable> {
  const { table, x } = prepared;
  const clusters = clustersOf(prepared, choice.clusters);
  const model = choice.model ?? defaultModel(...x.shape, choice);
  if (checkpoint !== undefined && !modelNamed(model).resumes) throw cannotResume(model);
  const options = { ...modelOptions(choice, clusters), variance: meanVariance(x) };
  const estimator = createModel(model, options);
  const started = performance.now();
  let standing: Standing | undefined;
  const fit = () =>
    estimator.fit(x, {
      stop,
      ...(checkpoint !== undefined && { checkpoint, resume }),
      onProgress(done, found) {
        standing = found;
        return onProgress?.(done, found);
      },
    });
  await onRowsOf(table, fit);
  const seconds = (performance.now() - started) / 1000;
  const interrupted = stop?.aborted ?? false;
  return { ...prepared, model, options, estimator, standing, assigned: assign(estimator, x), interrupted, seconds };
}

function cannotResume(model: string): Error {
  const able = models.filter(({ resumes }) => resumes).map(({ name }) => name);
  return outOfRange('resume', `a model with epochs: ${able.join(', ')}`, `'${model}'`);
}

export const modelOptions = (
  { seed, objective, kernel, epochs, restarts }: FitChoice,
  clusters: number,
): ModelOptions => ({
  ...{ clusters, seed, objective, kernel, epochs, restarts },
});

/** The mean variance of a feature. Cost O(N d). */
export function meanVariance({ data, shape: [n, d] }: Features): number {
  const means = new Float64Array(d);
  for (let e = 0; e < data.length; e++) means[e % d] += data[e] / n;
  let sum = 0;
  for (let e = 0; e < data.length; e++) sum += (data[e] - means[e % d]) ** 2;
  return sum / data.length;
}

/** Numbers that judge a fit. */
export interface Judged {
  readonly model: string;
  readonly clusters: { readonly asked: number; readonly used: number; readonly sizes: readonly number[] };
  readonly objective: { readonly name: string; readonly value: number | null };
  /** The mean probability of the rows' clusters; null for a model of hard clusters. */
  readonly certainty: number | null;
  /** The mean silhouette, of at most 2,000 rows; null for a single cluster. */
  readonly silhouette: number | null;
  readonly seconds: number;
}

export function judge(
  { model, options, standing, assigned, seconds }: FittedTable,
  silhouettes: SomeSilhouettes,
): Judged {
  const { sizes, certainty, soft } = assigned;
  return {
    model,
    clusters: { asked: options.clusters, used: sizes.filter((size) => size > 0).length, sizes },
    objective: { name: modelNamed(model).maximises(options), value: standing?.objective ?? null },
    certainty: soft ? mean(certainty) : null,
    silhouette: mean(silhouettes.values),
    seconds: Number(seconds.toFixed(3)),
  };
}

/** The mean of numbers; null where there are none. */
const mean = (values: Float64Array) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
