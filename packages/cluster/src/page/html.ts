/** Parts of HTML that several sections have. */

export { escapeHtml } from './browser/escape.js';

export const count = (n: number, one: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : `${one}s`}`;

/** A number in at most four digits, without trailing zeros. */
export const short = (value: number): string =>
  Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4)
    ? value.toExponential(2)
    : `${Number(value.toPrecision(4))}`;

export const percent = (share: number): string =>
  `${(100 * Math.max(0, share)).toFixed(share > 0.0005 && share < 0.01 ? 1 : 0)} %`;

const colors = [
  '#2f7ed8',
  '#d9722b',
  '#2f9e6b',
  '#b8499c',
  '#8a6d3b',
  '#7a62d2',
  '#c94f5b',
  '#2a9aa8',
  '#8f9a2b',
  '#6d7a8c',
];
/** The golden angle in degrees: neighbours differ most. */
const ANGLE = 137.5;

/** The colour of a cluster, with contrast to light and to dark. */
export const colorOf = (cluster: number): string =>
  colors[cluster] ?? `hsl(${Math.round(cluster * ANGLE) % 360}, 55%, 52%)`;

export function section(id: string, title: string, caption: string, content: string, kind = ''): string {
  return `<section id="${id}" class="${kind}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><p>${caption}</p>${content}</section>`;
}

/** A coloured point with the name of a cluster. */
export const clusterName = (cluster: number): string =>
  `<span><span class="dot" style="--c:${colorOf(cluster)}"></span>cluster ${cluster}</span>`;
