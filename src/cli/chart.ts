/** A line chart with two logarithmic axes, as SVG text. The page's style sheet turns styles into colours. */

export interface Curve {
  readonly name: string;
  /** CSS declarations of the variables that the style sheet turns into a colour and a dash. */
  readonly style: string;
  /** Points in ascending order of x; x and y > 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface ChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly x: Range;
  readonly y: Range;
  /** Marked values of x, ascending. */
  readonly xTicks: readonly number[];
  readonly formatY: (y: number) => string;
  /** The tooltip of a dot. */
  readonly describe: (x: number, y: number) => string;
}

export type Range = readonly [min: number, max: number];

const HEIGHT = 400;
const PLOT = { left: 78, right: 460, top: 40, bottom: HEIGHT - 52 };
/** The distance from the plot to the labels. */
const LABEL_OFFSET = 25;
/** The width of a wide letter of a label. */
const LETTER_WIDTH = 8;
/** The least distance between the labels at the curves' ends. */
const LABEL_SPACING = 15;
/** The width of a number below the x axis, with a margin. */
const TICK_WIDTH = 24;

type Scale = (value: number) => number;

export function chart(curves: readonly Curve[], options: ChartOptions): string {
  const x = logScale(options.x, [PLOT.left, PLOT.right]);
  const y = logScale(options.y, [PLOT.bottom, PLOT.top]);
  const longest = Math.max(...curves.map(({ name }) => name.length));
  const width = PLOT.right + LABEL_OFFSET + LETTER_WIDTH * longest;
  return `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${escapeText(options.title)}">
<text class="title" x="${PLOT.left}" y="20">${escapeText(options.title)}</text>
${yAxis(y, options)}
${xAxis(x, options)}
${curves.map((curve) => line(curve, x, y, options)).join('\n')}
${labels(curves, x, y)}
</svg>`;
}

/** A range that holds all values; `margin` is the factor between its ends and theirs. */
export function rangeOf(values: readonly number[], margin: number): Range {
  return [Math.min(...values) / margin, Math.max(...values) * margin];
}

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function logScale([min, max]: Range, [from, to]: Range): Scale {
  return (value) => round(from + ((to - from) * Math.log(value / min)) / Math.log(max / min));
}

/** The numbers digit * 10^power in the range, for the given leading digits. */
function ticks([min, max]: Range, digits: readonly number[]): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power++) {
    const candidates = digits.map((digit) => Number(`${digit}e${power}`));
    found.push(...candidates.filter((value) => value >= min && value <= max));
  }
  return found;
}

function yAxis(y: Scale, { y: range, yTitle, formatY }: ChartOptions): string {
  const decades = ticks(range, [1]);
  const labelled = decades.length >= 2 ? decades : ticks(range, [1, 2, 5]);
  const grid = (value: number, name: string) =>
    `<line class="${name}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(value)}" y2="${y(value)}"/>`;
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return [
    ...ticks(range, [2, 3, 4, 5, 6, 7, 8, 9]).map((value) => grid(value, 'fine')),
    ...labelled.map((value) => grid(value, 'grid')),
    ...labelled.map(
      (value) =>
        `<text class="tick" text-anchor="end" x="${PLOT.left - 8}" y="${y(value) + 4}">${formatY(value)}</text>`,
    ),
    `<text class="axis" text-anchor="middle" transform="translate(16 ${middle}) rotate(-90)">${escapeText(yTitle)}</text>`,
  ].join('\n');
}

function xAxis(x: Scale, { xTicks, xTitle }: ChartOptions): string {
  let free = 0;
  const tick = (value: number) => {
    const mark = `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${PLOT.top}" y2="${PLOT.bottom + 5}"/>`;
    if (x(value) < free) return mark;
    free = x(value) + TICK_WIDTH;
    return `${mark}<text class="tick" text-anchor="middle" x="${x(value)}" y="${PLOT.bottom + 20}">${value}</text>`;
  };
  return [
    ...xTicks.map(tick),
    `<line class="base" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}"/>`,
    `<text class="axis" text-anchor="middle" x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 8}">${escapeText(xTitle)}</text>`,
  ].join('\n');
}

/** Draws the curve, and a dot for each point. */
function line({ name, style, points }: Curve, x: Scale, y: Scale, { describe }: ChartOptions): string {
  const path = points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ');
  const dot = ([a, b]: readonly [number, number]) =>
    `<circle cx="${x(a)}" cy="${y(b)}" r="4"><title>${escapeText(`${name}, ${describe(a, b)}`)}</title></circle>`;
  return `<g class="curve" style="${style}"><polyline points="${path}"/>${points.map(dot).join('')}</g>`;
}

/** Draws names at the curves' ends, moved apart where the ends are close together. */
function labels(curves: readonly Curve[], x: Scale, y: Scale): string {
  const ends = curves
    .flatMap(({ name, style, points }) => points.slice(-1).map(([a, b]) => ({ name, style, x: x(a), y: y(b) })))
    .sort((a, b) => a.y - b.y);
  const heights = spread(ends.map((end) => end.y));
  return ends
    .map((end, i) => {
      const [from, to, height] = [end.x + 6, PLOT.right + LABEL_OFFSET, heights[i] as number];
      return (
        `<polyline class="leader" points="${from},${end.y} ${to - 14},${height}"/>` +
        `<g class="label" style="${end.style}"><circle cx="${to - 8}" cy="${height}" r="3.5"/></g>` +
        `<text class="label" x="${to}" y="${height + 4}">${escapeText(end.name)}</text>`
      );
    })
    .join('\n');
}

/** Moves ascending heights at least LABEL_SPACING apart; neighbours that collide are centred on their mean. */
function spread(heights: readonly number[]): number[] {
  const groups: { sum: number; count: number }[] = [];
  const top = ({ sum, count }: { sum: number; count: number }) => {
    const length = (count - 1) * LABEL_SPACING;
    return Math.max(PLOT.top, Math.min(sum / count - length / 2, PLOT.bottom - length));
  };
  for (const height of heights) {
    groups.push({ sum: height, count: 1 });
    for (let last = groups.length - 1; last > 0; last--) {
      const [above, below] = groups.slice(last - 1) as [(typeof groups)[0], (typeof groups)[0]];
      if (top(below) - top(above) >= above.count * LABEL_SPACING) break;
      groups.splice(last - 1, 2, { sum: above.sum + below.sum, count: above.count + below.count });
    }
  }
  return groups.flatMap((group) =>
    Array.from({ length: group.count }, (_, i) => round(top(group) + i * LABEL_SPACING)),
  );
}

const round = (value: number): number => Math.round(100 * value) / 100;
