/** A clustering as the page shows it: matrices, labels and names; no file and no estimator. */
import type { Matrix } from 'genmi';

/** A column of the features. */
export interface PageFeature {
  readonly name: string;
  /** A feature f stands for the value f * spread + centre. */
  readonly centre: number;
  readonly spread: number;
  /** Whether its values are 0 and 1: of a category, or true and false. */
  readonly binary: boolean;
}

/** A node of a tree, with the side of the rule above it in words; `''` at the root. A leaf has no children. */
export interface PageBranch {
  readonly side: string;
  readonly samples: number;
  readonly cluster: number;
  readonly children: readonly PageBranch[];
}

export interface PageInput {
  readonly title: string;
  /** Sentences below the title. */
  readonly summary: readonly string[];
  /** Names with short values, shown large. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** N x d features. */
  readonly x: Matrix;
  readonly features: readonly PageFeature[];
  /** The size of rows that are grey images; features are then pixels, line by line. */
  readonly image?: { readonly width: number; readonly height: number };
  /** `[N]` the cluster of each row. */
  readonly labels: Int32Array;
  /** The rows of each cluster, also of empty ones. */
  readonly sizes: readonly number[];
  /** `[N]` the probability of the row's cluster; absent for hard clusters. */
  readonly certainty?: Float64Array;
  /** Some rows, rising, with their silhouettes; none for a single cluster. */
  readonly silhouettes: { readonly rows: Int32Array; readonly values: Float64Array };
  /** How surely clusters come back from parts of the rows: the mean ARI of these, and `[K]` Jaccard indices, NaN for none. */
  readonly stability?: { readonly meanAri: number; readonly jaccard: Float64Array };
  /** The name of a row. */
  rowName(row: number): string;
  /** The columns that describe a row, by name and value. */
  rowCells(row: number): readonly (readonly [column: string, value: string])[];
  /** The objective after each epoch. */
  readonly history?: { readonly name: string; readonly values: readonly number[] };
  /** Known classes: `[N]` labels, -1 where there is none; and a sentence on what the fit knew of them. */
  readonly classes?: {
    readonly title: string;
    readonly sentence: string;
    readonly names: readonly string[];
    readonly labels: Int32Array;
  };
  /** The rules of a tree, with a sentence on them. */
  readonly rules?: { readonly sentence: string; readonly text: string; readonly tree: PageBranch };
  /** The command that made it. */
  readonly command: string;
  /** The seed of the random rows that a large table is shown by. */
  readonly seed: number;
}
