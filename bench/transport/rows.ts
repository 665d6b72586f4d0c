/** The rows of the table: the inputs that are measured. */

export type Family = 'images' | 'mixture-2' | 'mixture-10' | 'mixture-50';
export type Metric = 'euclidean' | 'sqeuclidean' | 'cosine' | 'manhattan' | 'hops';
/** States of the network that makes the predictions: at its random initialisation, while it learns, when it is certain. */
export const states = ['init', 'mid', 'sat'] as const;
export type State = (typeof states)[number];

export interface Row {
  readonly family: Family;
  readonly metric: Metric;
  readonly state: State;
  readonly n: number;
}

/** The number of clusters in every row. */
export const CLUSTERS = 10;

const groups: readonly (readonly [Family, Metric, State, ...number[]])[] = [
  ['images', 'euclidean', 'mid', 100, 250, 500, 1000, 2000, 5000],
  ['images', 'euclidean', 'init', 500],
  ['images', 'euclidean', 'sat', 500, 2000],
  ['mixture-50', 'euclidean', 'init', 500],
  ['mixture-2', 'euclidean', 'mid', 500],
  ['images', 'manhattan', 'mid', 500],
  ['mixture-50', 'hops', 'mid', 500],
  ['images', 'cosine', 'mid', 500],
  ['images', 'sqeuclidean', 'mid', 250, 500, 1000],
  ['images', 'sqeuclidean', 'sat', 500],
  ['mixture-10', 'sqeuclidean', 'mid', 500],
  ['mixture-2', 'sqeuclidean', 'mid', 500],
];

export const rows: readonly Row[] = groups.flatMap(([family, metric, state, ...sizes]) =>
  sizes.map((n) => ({ family, metric, state, n })),
);

export const rowName = ({ family, metric, state, n }: Row): string => `${family}-${metric}-${state}-${n}`;
