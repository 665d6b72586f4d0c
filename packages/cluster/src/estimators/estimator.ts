/** The common part of all estimators: the forms of their results and of their saved models. */
import type { Matrix, MatrixLike } from 'genmi';
import type { Network } from 'genmi/networks';
import type { FitOptions, Standing } from '../base/pace.js';
import { describe, invalidType, outOfRange } from '../errors.js';
import type { RuleFeature, Tree } from './tree.js';

export type { FitOptions, Standing };

/** Options of a `fit` that can go on after the process was killed. */
export interface Resumption {
  /**
   * A file for all that the fit has done so far: written after each epoch, but at most ten times a second, and when the
   * fit ends, fails or is aborted. It is whole at any time, and stays.
   */
  checkpoint?: string | undefined;
  /**
   * Go on from the checkpoint: with the same data and options to the same bits as without an interruption. Without a
   * file of this name the fit begins at its beginning. Default false.
   */
  resume?: boolean | undefined;
}

/** The names of Resumption, for `checkOptions`. */
export const resumptionOptions = ['checkpoint', 'resume'] as const;

/** An estimator of clusters, with the habits of scikit-learn. */
export interface Estimator<Model extends SavedModel = SavedModel> {
  /** `[N]` cluster of each sample of `fit`; equal to `predict` of these samples. */
  readonly labels: Int32Array;
  /** Learns clusters of N x d features. A call that fails or is aborted leaves the estimator as it was. Few can resume. */
  fit(x: MatrixLike, options?: FitOptions & Resumption): Promise<this>;
  /** As `fit`, and returns `labels`. */
  fitPredict(x: MatrixLike, options?: FitOptions): Promise<Int32Array>;
  /** The cluster of each row. */
  predict(x: MatrixLike): Int32Array;
  /** The value that `fit` maximises, for these samples. */
  score(x: MatrixLike): number;
  /** N x K probabilities of the clusters, each row with sum 1; an estimator of hard clusters has none. */
  predictProba?(x: MatrixLike): Matrix;
  /** The value of the objective after each epoch, where there are epochs. */
  readonly history?: readonly number[];
  /** The trained network, where there is one. */
  readonly network?: Network;
  /** The nodes of the tree, where the estimator grows one. */
  readonly tree?: Tree;
  /** The rules of a tree as text. */
  rules?(features?: readonly (string | RuleFeature)[]): string;
  /** The fitted estimator as a plain object, which JSON keeps without loss. */
  save(): Model;
}

/** The first fields of every saved model. */
export interface SavedModel {
  /** The kind of the estimator, such as `'k-means'`. */
  readonly estimator: string;
  /** The version of the model's form. */
  readonly version: number;
}

/**
 * Checks that a saved model is of an estimator's kind and version.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
 */
export function checkSaved<Model extends SavedModel>(
  model: Model,
  estimator: Model['estimator'],
  version: Model['version'],
): Model {
  const saved = Object(model) as Partial<SavedModel>;
  if (typeof saved.estimator !== 'string') throw invalidType('model', 'an object of save()', describe(model));
  if (saved.estimator !== estimator) throw outOfRange('model.estimator', `'${estimator}'`, describe(saved.estimator));
  if (saved.version !== version) {
    const remedy = 'fit again, or use the version of genmi-cluster that saved it';
    throw outOfRange('model.version', `${version}`, describe(saved.version), remedy);
  }
  return model;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE before `fit` */
export function fitted<T>(state: T | undefined, estimator: string): T {
  if (state === undefined) throw invalidType(estimator, 'a fitted estimator', 'one without data', 'call fit first');
  return state;
}
