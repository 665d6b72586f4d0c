/** The features of a table, in its own units. */
import type { Transformation } from '../data/index.js';
import type { PageFeature } from '../page/index.js';

export function featuresOf({ columns, features }: Transformation): PageFeature[] {
  const scalings = columns.flatMap((column) => {
    if (column.kind === 'number') return [{ centre: column.centre, spread: column.spread, binary: false }];
    if (column.kind === 'vector') {
      const none = { centre: 0, spread: 1 };
      return Array.from({ length: column.length }, (_, j) => ({ ...(column.scaling?.[j] ?? none), binary: false }));
    }
    const count = column.kind === 'category' ? column.levels.length : 1;
    return Array.from({ length: count }, () => ({ centre: 0, spread: 1, binary: true }));
  });
  return features.map((name, j) => ({ name, ...(scalings[j] as Omit<PageFeature, 'name'>) }));
}
