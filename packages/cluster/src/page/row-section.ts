/** The most typical and the least certain rows of each cluster. */
import { clusterName, escapeHtml, percent, section, short } from './html.js';
import { Images } from './images.js';
import type { PageInput } from './input.js';

const ROWS = 3;

/** A row with its distance to the centre, or its certainty. */
interface Ranked {
  readonly row: number;
  readonly value: number;
}

/** Says a value in words. */
type Describe = (value: number) => string;

export function rowSection(input: PageInput): string {
  const images = input.image && new Images(input);
  const typical = lowest(input, distancesToCentres(input));
  const doubtful = doubtfulRows(input);
  const parts = input.sizes.flatMap((size, k) => {
    if (size === 0) return [];
    const list = (title: string, rows: readonly Ranked[], describe: Describe) =>
      rows.length === 0
        ? ''
        : `<h4>${title}</h4><ul>${rows.map((row) => item(input, row, describe, images)).join('')}</ul>`;
    return `<article data-cluster="${k}"><h3>${clusterName(k)}</h3>${list('Most typical', typical[k], (value) => `${short(value)} from the centre`)}${list('Least certain', doubtful.rows[k], doubtful.describe)}</article>`;
  });
  const caption = 'Typical rows are nearest to the mean of their cluster. Uncertain rows nearly belong to another one.';
  return section('rows', 'Rows to look at', caption, `<div class="cards">${parts.join('')}</div>`, 'wide');
}

function item({ rowName, rowCells }: PageInput, { row, value }: Ranked, describe: Describe, images?: Images): string {
  const cells = rowCells(row).map(
    ([column, cell]) => `<span><small>${escapeHtml(column)}</small> ${escapeHtml(cell)}</span>`,
  );
  return `<li><b>${escapeHtml(rowName(row))}</b> <small>${describe(value)}</small>${images?.row(row) ?? ''}<div class="cells">${cells.join('')}</div></li>`;
}

/** The rows of the lowest probability; of hard clusters, of the lowest silhouette. */
function doubtfulRows(input: PageInput): { rows: Ranked[][]; describe: Describe } {
  const { certainty, silhouettes } = input;
  if (certainty !== undefined)
    return { rows: lowest(input, certainty), describe: (value) => `${percent(value)} certain` };
  const values = new Float64Array(input.labels.length).fill(Infinity);
  for (const [i, row] of silhouettes.rows.entries()) values[row] = silhouettes.values[i] ?? Infinity;
  return { rows: lowest(input, values), describe: (value) => `silhouette ${value.toFixed(2)}` };
}

/** The rows of the lowest finite values of each cluster. */
function lowest({ labels, sizes }: PageInput, values: Float64Array): Ranked[][] {
  const best: Ranked[][] = sizes.map(() => []);
  for (const [row, label] of labels.entries()) {
    const own = best[label];
    const last = own[ROWS - 1];
    if (!Number.isFinite(values[row]) || (last !== undefined && values[row] >= last.value)) continue;
    own.push({ row, value: values[row] });
    own.sort((a, b) => a.value - b.value);
    own.length = Math.min(own.length, ROWS);
  }
  return best;
}

function distancesToCentres({ x: { data, shape }, labels, sizes }: PageInput): Float64Array {
  const [n, d] = shape;
  const means = new Float64Array(sizes.length * d);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < d; j++) means[labels[i] * d + j] += data[i * d + j] / sizes[labels[i]];
  return Float64Array.from(labels, (label, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (data[i * d + j] - means[label * d + j]) ** 2;
    return Math.sqrt(sum);
  });
}
