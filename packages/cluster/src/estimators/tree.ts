/** Binary trees of rules on single features. */
import type { Matrix } from 'genmi';

/** A rule: samples with feature <= threshold go to the left child. */
export interface Rule {
  readonly feature: number;
  /** A value of a training sample; the comparison is exact. */
  readonly threshold: number;
  /** The gain of the objective when the rule was made. */
  readonly gain: number;
  /** The numbers of the children in the tree's list of nodes. */
  readonly left: number;
  readonly right: number;
}

/** A node with a rule, or a leaf without one. */
export interface TreeNode {
  /** 0 for the root. */
  readonly depth: number;
  /** The number of training samples. */
  readonly samples: number;
  /** The cluster of its samples when the node was made: for a leaf, its cluster. */
  readonly cluster: number;
  readonly rule?: Rule | undefined;
}

/** The nodes of a tree: the root first, children in pairs, left before right. */
export type Tree = readonly TreeNode[];

/** The cluster of each row of the matrix. */
export function predictTree(tree: Tree, { data, shape: [n, d] }: Matrix): Int32Array {
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let node = tree[0];
    while (node.rule) {
      const { feature, threshold, left, right } = node.rule;
      node = tree[data[i * d + feature] <= threshold ? left : right];
    }
    labels[i] = node.cluster;
  }
  return labels;
}

/** A feature in the words of its owner. */
export interface RuleFeature {
  readonly name: string;
  /** A feature f stands for the value f * spread + centre: thresholds are shown as such values, in 6 digits. */
  readonly centre?: number;
  readonly spread?: number;
  /** Whether its values are 0 and 1: rules are `name` and `not name`. */
  readonly binary?: boolean;
}

/** A node of a tree with its rule in words. A leaf has no children. */
export interface Branch {
  /** The side of the rule above this node, such as `petal <= 2.5`; `''` at the root. */
  readonly side: string;
  /** The number of samples in this node. */
  readonly samples: number;
  /** The cluster of its samples when the node was made: for a leaf, its cluster. */
  readonly cluster: number;
  readonly children: readonly Branch[];
}

/**
 * The root of a tree, with its rules in words.
 *
 * @param features the features, or their names; default `x0`, `x1`, ...
 */
export function branchesOf(tree: Tree, features?: readonly (string | RuleFeature)[]): Branch {
  const branch = ({ samples, cluster, rule }: TreeNode, side: string): Branch => {
    if (!rule) return { side, samples, cluster, children: [] };
    const { feature, threshold, left, right } = rule;
    const [below, above] = sidesOf(features?.[feature] ?? `x${feature}`, threshold);
    return { side, samples, cluster, children: [branch(tree[left], below), branch(tree[right], above)] };
  };
  return branch(tree[0], '');
}

/** Writes the rules as indented lines, a line for each side of a rule; `features` as for `branchesOf`. */
export function describeTree(tree: Tree, features?: readonly (string | RuleFeature)[]): string {
  const lines: string[] = [];
  const write = ({ samples, cluster, children }: Branch, indent: string) => {
    if (children.length === 0) {
      lines.push(`${indent}cluster ${cluster} (${samples} ${samples === 1 ? 'sample' : 'samples'})`);
    }
    for (const child of children) {
      lines.push(`${indent}${child.side}`);
      write(child, `${indent}  `);
    }
  };
  write(branchesOf(tree, features), '');
  return lines.join('\n');
}

const DIGITS = 6;

function sidesOf(feature: string | RuleFeature, threshold: number): readonly [below: string, above: string] {
  if (typeof feature === 'string') return [`${feature} <= ${threshold}`, `${feature} > ${threshold}`];
  const { name, centre = 0, spread = 1, binary = false } = feature;
  if (binary && threshold >= 0 && threshold < 1) return [`not ${name}`, name];
  const value = Number((threshold * spread + centre).toPrecision(DIGITS));
  return [`${name} <= ${value}`, `${name} > ${value}`];
}
