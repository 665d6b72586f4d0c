/** The tree of rules as a picture, from left to right. */
import { colorOf, count, escapeHtml } from './html.js';
import type { PageBranch } from './input.js';

/** Pixels from one rule to the next, from one leaf to the next, and beside the last rule. */
const [STEP, ROW, END] = [240, 44, 190];
/** From the top of a leaf's row to its branch: the rule is above it. */
const TOP = 26;
/** Pixels of a branch with all samples. */
const WIDEST = 12;
/** Letters of a rule that fit beside a branch. */
const LETTERS = 26;
/** Larger trees say little as a picture. */
const MOST_LEAVES = 60;

interface Placed extends PageBranch {
  readonly x: number;
  readonly y: number;
  readonly placed: readonly Placed[];
}

/** A picture whose branches are as wide as they have samples; `''` for a tree that is a single leaf, or too large. */
export function treePicture(root: PageBranch): string {
  const leaves = leavesOf(root);
  if (leaves === 1 || leaves > MOST_LEAVES) return '';
  const tree = place(root, 8, 0);
  const [width, height] = [8 + STEP * depthOf(root) + END, ROW * leaves];
  return `<div class="scroll" tabindex="0" role="region" aria-label="picture of the rules"><svg class="tree" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true">${branches(tree, root.samples)}</svg></div>`;
}

const leavesOf = ({ children }: PageBranch): number =>
  children.length === 0 ? 1 : children.reduce((sum, child) => sum + leavesOf(child), 0);

const depthOf = ({ children }: PageBranch): number => Math.max(0, ...children.map((child) => 1 + depthOf(child)));

/** Leaves are one below the other; a rule is in the middle of its children. */
function place(branch: PageBranch, x: number, leavesAbove: number): Placed {
  let above = leavesAbove;
  const placed = branch.children.map((child) => {
    const node = place(child, x + STEP, above);
    above += leavesOf(child);
    return node;
  });
  const y =
    placed.length === 0 ? ROW * leavesAbove + TOP : placed.reduce((sum, node) => sum + node.y, 0) / placed.length;
  return { ...branch, x, y, placed };
}

function branches({ x, y, placed }: Placed, all: number): string {
  return placed.map((child) => branchTo(child, x, y, all) + branches(child, all)).join('');
}

function branchTo(
  { x, y, side, samples, cluster, children }: Placed,
  fromX: number,
  fromY: number,
  all: number,
): string {
  const isLeaf = children.length === 0;
  const color = isLeaf ? colorOf(cluster) : 'var(--muted)';
  const width = Math.max(1.5, (WIDEST * samples) / all).toFixed(1);
  const bend = fromX + 36;
  const path = `<path style="--c:${color}" stroke-width="${width}" d="M${fromX},${fromY}C${bend},${fromY} ${fromX},${y} ${bend},${y}H${x}"/>`;
  // The end of a rule is its threshold.
  const short = side.length > LETTERS ? `${side.slice(0, LETTERS / 2 - 1)}…${side.slice(-LETTERS / 2)}` : side;
  const rule = `<text x="${bend + 4}" y="${y - 9}">${escapeHtml(short)}<title>${escapeHtml(side)}</title></text>`;
  const leaf = isLeaf ? `<text x="${x + 10}" y="${y + 4}">cluster ${cluster}, ${count(samples, 'row')}</text>` : '';
  return path + rule + leaf;
}
