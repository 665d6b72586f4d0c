/** The points of the map: rows on the plane of their largest variance. */
import { takeRows } from '../base/matrix.js';
import { Random } from '../base/random.js';
import type { MapData, MapPoint } from './browser/data.js';
import { colorOf, percent } from './html.js';
import type { PageInput } from './input.js';
import { principalPlane } from './pca.js';

/** More points hide each other, and make the page heavy. */
export const MOST_POINTS = 5000;
const DIGITS = 4;

export function mapDataOf(input: PageInput): MapData {
  const { x, labels, sizes, certainty, seed } = input;
  const rows = new Random(seed).permutation(x.shape[0], Math.min(x.shape[0], MOST_POINTS)).sort();
  const { points, shares } = principalPlane(takeRows(x, rows));
  const clusters = sizes.map((_, k): { color: string; points: MapPoint[] } => ({ color: colorOf(k), points: [] }));
  for (const [i, row] of rows.entries())
    clusters[labels[row]].points.push({
      at: [rounded(points[2 * i]), rounded(points[2 * i + 1])],
      name: input.rowName(row),
      cells: input.rowCells(row).map(([, cell]) => cell),
      ...(certainty && { certainty: rounded(certainty[row]) }),
    });
  const axis = (name: string, share: number) => `${name} component, ${percent(share)} of the variance`;
  return {
    axes: [axis('first', shares[0]), axis('second', shares[1])],
    clusters,
    columns: input.rowCells(0).map(([column]) => column),
  };
}

const rounded = (value: number) => Number(value.toFixed(DIGITS));
