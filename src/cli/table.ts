/** The table that `genmi bench` prints: its head, and a line for each figure. */
import type { Figure } from './timing.js';

export const tableHead = line('objective', ['N', 'batch', 'K', 'ova', 'ovo', 'ovo / ova']);

export function tableRow({ objective, n, batch, k, ova, ovo }: Figure): string {
  return line(objective, [n, batch, k, formatSeconds(ova), formatSeconds(ovo), formatRatio(ovo / ova)]);
}

function line(first: string, cells: readonly (string | number)[]): string {
  return first.padEnd(12) + cells.map((cell) => `${cell}`.padStart(11)).join('');
}

/** Three significant digits in a unit that leaves no more than three before the point. */
export function formatSeconds(seconds: number): string {
  const units = [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, '\u00b5s'],
  ] as const;
  const [size, unit] = units.find(([each]) => seconds >= 0.9995 * each) ?? [1e-6, '\u00b5s'];
  return `${Number((seconds / size).toPrecision(3))} ${unit}`;
}

export function formatRatio(ratio: number): string {
  return `${Number(ratio.toPrecision(3))}`;
}
