/** The page of `genmi bench --html`, one file: a chart for each batch size and mode, a table of all figures. */
import { type Curve, chart, escapeText, rangeOf } from './chart.js';
import { formatRatio, formatSeconds } from './table.js';
import type { Figure, Report } from './timing.js';

const modes = [
  ['ova', 'one-vs-all'],
  ['ovo', 'one-vs-one'],
] as const;

const style = `
:root { color-scheme: light dark; --surface: #fcfcfb; --ink: #1d1d1b; --soft: #5f5e5a; --grid: #d9d8d4; --fine: #efeeea; --base: #8b8a85;
  --lightness: 58%; }
@media (prefers-color-scheme: dark) { :root { --surface: #1a1a19; --ink: #f2f1ed; --soft: #b3b1aa; --grid: #3d3d3a; --fine: #282826;
  --base: #85837c; --lightness: 72%; } }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 1180px; background: var(--surface); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 2rem 0 .25rem; font-size: 1.1rem; }
p { margin: .35rem 0; color: var(--soft); max-width: 75ch; }
ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1rem 0 0; padding: 0; list-style: none; }
li svg { width: 26px; height: 10px; margin-right: 6px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: .5rem 1.5rem; }
.charts svg { width: 100%; max-width: 720px; }
text { fill: var(--soft); font-size: 12px; }
text.title { fill: var(--ink); font-size: 14px; font-weight: 600; }
text.label { fill: var(--ink); }
.tick { font-variant-numeric: tabular-nums; }
.fine { stroke: var(--fine); }
.grid { stroke: var(--grid); }
.base { stroke: var(--base); }
.leader { fill: none; stroke: var(--grid); }
.curve, .label { --colour: oklch(var(--lightness) 0.16 var(--hue)); }
.curve polyline { fill: none; stroke: var(--colour); stroke-width: 2; stroke-dasharray: var(--dash); stroke-linejoin: round; }
.curve circle { fill: var(--colour); stroke: var(--surface); stroke-width: 1.5; }
.label circle { fill: var(--colour); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem 1rem .2rem 0; text-align: right; border-bottom: 1px solid var(--fine); white-space: nowrap; }
th { border-color: var(--grid); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
`;

export function formatPage({ machine, date, figures }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>genmi: time of the objectives</title>
<style>${style}</style>
</head>
<body>
<h1>Time of the GEMINI objectives</h1>
<p>Median time of one value with its gradient, from float32 logits, against the number of clusters. Predictions are random. So are the data:
20 features, with a stored rbf kernel (mmd, squared-mmd) or euclidean distance (energy, wasserstein). alpha is 1.5. Both axes are logarithmic.</p>
<p>${escapeText(machine)}; ${date}.</p>
<ul>${[...stylesOf(figures)].map(legendItem).join('')}</ul>
${batchesOf(figures)
  .map((batch) => section(batch, figures))
  .join('\n')}
<h2>All figures</h2>
<div class="scroll">${table(figures)}</div>
</body>
</html>
`;
}

/** A hue and a dash for each objective: neighbours differ by 137.5 degrees; dashes help where hues look alike. */
function stylesOf(figures: readonly Figure[]): Map<string, string> {
  const names = unique(figures.map(({ objective }) => objective));
  const dashes = ['none', '7 4', '2 4'];
  return new Map(
    names.map((name, i) => [name, `--hue: ${Math.round(i * 137.5) % 360}; --dash: ${dashes[i % dashes.length]}`]),
  );
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

function legendItem([objective, style]: readonly [string, string]): string {
  const sample = '<polyline points="1,5 25,5"/><circle cx="13" cy="5" r="4"/>';
  return `<li><svg viewBox="0 0 26 10" aria-hidden="true"><g class="curve" style="${style}">${sample}</g></svg>${escapeText(objective)}</li>`;
}

const batchName = ({ n, batch }: Figure): string =>
  batch === n ? `Batches of ${batch} samples` : `Batches of ${batch} of ${n} samples`;

const batchesOf = (figures: readonly Figure[]): string[] => unique(figures.map(batchName));

/** The charts of a batch size: one-vs-all beside one-vs-one, on the same axes. */
function section(batch: string, figures: readonly Figure[]): string {
  const shown = figures.filter((figure) => batchName(figure) === batch);
  const styles = stylesOf(figures);
  const xTicks = unique(shown.map(({ k }) => k)).sort((a, b) => a - b);
  const x = rangeOf(xTicks, 1.15);
  const y = rangeOf(
    shown.flatMap(({ ova, ovo }) => [ova, ovo]),
    1.6,
  );
  const charts = modes.map(([mode, title]) =>
    chart(curvesOf(shown, mode, styles), {
      title,
      x,
      y,
      xTicks,
      xTitle: 'number of clusters K',
      yTitle: 'time of a call',
      formatY: formatSeconds,
      describe: (k, seconds) => `K = ${k}: ${formatSeconds(seconds)}`,
    }),
  );
  return `<h2>${batch}</h2>\n<div class="charts">\n${charts.join('\n')}\n</div>`;
}

function curvesOf(figures: readonly Figure[], mode: 'ova' | 'ovo', styles: ReadonlyMap<string, string>): Curve[] {
  return [...styles].flatMap(([name, style]) => {
    const points = figures
      .filter(({ objective }) => objective === name)
      .map((figure) => [figure.k, figure[mode]] as const)
      .sort(([a], [b]) => a - b);
    return points.length > 0 ? [{ name, style, points }] : [];
  });
}

function table(figures: readonly Figure[]): string {
  const head = ['objective', 'samples', 'batch', 'K', 'one-vs-all', 'one-vs-one', 'ovo / ova'];
  const rows = figures.map(({ objective, n, batch, k, ova, ovo }) =>
    [objective, n, batch, k, formatSeconds(ova), formatSeconds(ovo), formatRatio(ovo / ova)]
      .map((cell) => `<td>${cell}</td>`)
      .join(''),
  );
  const headings = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  return `<table><thead><tr>${headings}</tr></thead><tbody>${rows.map((row) => `<tr>${row}</tr>`).join('\n')}</tbody></table>`;
}
