/** An explanation of any clustering: a small tree of rules that puts rows into the same clusters. */
import { Affinity, type Labels, type MatrixLike } from 'genmi';
import { groupsOfSamples } from '../base/labels.js';
import { readMatrix, takeRows } from '../base/matrix.js';
import { checkCount, checkOptions, checkSeed } from '../base/options.js';
import { Random } from '../base/random.js';
import { Kauri } from '../estimators/kauri.js';
import { describeTree, predictTree, type RuleFeature, type Tree } from '../estimators/tree.js';

/** Options of an explanation. */
export interface ExplainOptions {
  /** The most leaves; default twice the clusters. */
  maxLeaves?: number | undefined;
  /** The tree is grown on at most this number of random samples; default 2,000. */
  sampleSize?: number | undefined;
  /** The seed of these samples, an integer; default 0. */
  seed?: number | undefined;
  /** Ends the growth with its reason. */
  signal?: AbortSignal | undefined;
}

/** A tree for the clusters of other rules, or of none. */
export interface Explanation {
  /** The nodes; clusters are the given labels. */
  readonly tree: Tree;
  /** The share of all samples that the tree puts into their cluster, in [0, 1]. */
  readonly agreement: number;
  /** The rules as text. */
  rules(features?: readonly (string | RuleFeature)[]): string;
}

const SAMPLES = 2000;

/**
 * Explains clusters by a Kauri tree, with the kernel that is 1 for samples of one cluster and 0 for others.
 *
 * Its objective is then sum_k sum_c n_kc^2 / n_k, for n_kc samples of cluster c in cluster k of the tree. A cluster of the
 * tree stands for the label that most of its samples have. Cost: O(m^2) numbers of memory for m samples, and a Kauri tree.
 *
 * @param x N x d features, best as they are in the table: rules are on these values
 * @param labels `[N]` the cluster of each sample, integers from 0
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
 */
export async function explain(x: MatrixLike, labels: Labels, options: ExplainOptions = {}): Promise<Explanation> {
  checkOptions(options, ['maxLeaves', 'sampleSize', 'seed', 'signal']);
  const matrix = readMatrix('x', x);
  const n = matrix.shape[0];
  const groups = groupsOfSamples(labels, n);
  const clusters = groups.sizes.length;
  const maxLeaves = checkCount('maxLeaves', options.maxLeaves ?? Math.max(2, 2 * clusters), 2);
  const size = Math.min(n, checkCount('sampleSize', options.sampleSize ?? SAMPLES, 2));
  const rows = new Random(checkSeed(options.seed ?? 0)).permutation(n, size).sort();
  const own = rows.map((row) => groups.of[row]);
  const affinity = sameCluster(own, clusters);
  try {
    const tree = new Kauri({ maxClusters: clusters, maxLeaves });
    await tree.fit(takeRows(matrix, rows), { affinity, signal: options.signal });
    const names = majorities(tree.labels, own, clusters);
    const nodes = tree.tree.map((node) => ({ ...node, cluster: names[node.cluster] }));
    const predicted = predictTree(nodes, matrix);
    const agreement = predicted.reduce((sum, group, i) => sum + Number(group === groups.of[i]), 0) / n;
    const labelOf = numbersOf(labels, groups.of, clusters);
    const named = nodes.map((node) => ({ ...node, cluster: labelOf[node.cluster] }));
    return { tree: named, agreement, rules: (features) => describeTree(named, features) };
  } finally {
    affinity.dispose();
  }
}

function sameCluster(groups: Int32Array, clusters: number): Affinity {
  const data = new Float32Array(groups.length * clusters);
  for (const [i, group] of groups.entries()) data[i * clusters + group] = 1;
  return Affinity.kernel({ data, shape: [groups.length, clusters] }, { kernel: 'linear' });
}

/** For each cluster of a tree the group that most of its samples have. */
function majorities(found: Int32Array, groups: Int32Array, clusters: number): number[] {
  const counts = Array.from({ length: clusters }, () => new Array<number>(clusters).fill(0));
  for (const [i, label] of found.entries()) counts[label][groups[i]] += 1;
  return counts.map((row) => row.indexOf(Math.max(...row)));
}

/** The label of each group. */
function numbersOf(labels: Labels, groups: Int32Array, clusters: number): number[] {
  const numbers = new Array<number>(clusters);
  for (const [i, group] of groups.entries()) numbers[group] = Number(labels[i]);
  return numbers;
}
