/** Sections on the clusters as a whole: sizes, silhouettes, certainty, agreement with classes. */
import { clusterName, colorOf, count, escapeHtml, percent, section } from './html.js';
import type { PageInput } from './input.js';

/** The buttons of the clusters; their bars are the sizes. */
export function sizeSection({ sizes, x }: PageInput): string {
  const largest = Math.max(...sizes);
  const n = x.shape[0];
  const buttons = sizes.map(
    (size, k) =>
      `<button type="button" data-filter="${k}" aria-pressed="false" style="--c:${colorOf(k)}">${clusterName(k)}<span class="bar"><span style="width:${((100 * size) / largest).toFixed(1)}%"></span></span><span class="number">${size.toLocaleString('en')} <small>${percent(size / n)}</small></span></button>`,
  );
  const all = `<button type="button" data-filter="all" aria-pressed="true">all clusters<span></span><span class="number">${n.toLocaleString('en')}</span></button>`;
  const caption = 'Choose a cluster to see it alone; Escape shows all.';
  return section(
    'sizes',
    'Clusters',
    caption,
    `<div class="sizes">${all}${buttons.join('')}</div><p id="status" role="status" class="hidden"></p>`,
  );
}

const [WIDTH, HEIGHT] = [400, 34];
/** Silhouettes below this are drawn as if they were this; most are above 0. */
const LEAST = -0.4;

/** For each cluster its silhouettes, sorted: the area from 0 to the silhouette. */
export function silhouetteSection({ silhouettes, labels, sizes, x }: PageInput): string {
  const { rows, values } = silhouettes;
  if (values.length === 0) return '';
  const plots = sizes.map((_, k) => {
    const own = values
      .filter((_, i) => labels[rows[i]] === k)
      .sort()
      .reverse();
    if (own.length === 0) return '';
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    return `<div class="strip" data-cluster="${k}" style="--c:${colorOf(k)}">${clusterName(k)}${areaOf(own, k)}<span class="number">${mean.toFixed(2)}</span></div>`;
  });
  const some = rows.length < x.shape[0] ? ` Of ${count(rows.length, 'random row')}, among each other.` : '';
  const caption = `Near 1: much closer to the own cluster than to the next. About 0: between two. Below 0: closer to another
one. The number is the mean.${some}`;
  return section('silhouettes', 'Silhouettes', caption, plots.join(''));
}

function areaOf(sorted: Float64Array, k: number): string {
  const y = (value: number) => (((1 - Math.max(LEAST, value)) * HEIGHT) / (1 - LEAST)).toFixed(1);
  // A path of at most 200 steps.
  const stride = Math.max(1, Math.floor(sorted.length / 200));
  const points = Array.from({ length: Math.ceil(sorted.length / stride) }, (_, i) => {
    const x = ((i * stride + stride / 2) * WIDTH) / sorted.length;
    return `L${x.toFixed(1)},${y(sorted[i * stride])}`;
  });
  const ends = [`M0,${y(0)}L0,${y(sorted[0])}`, `L${WIDTH},${y(sorted[sorted.length - 1])}L${WIDTH},${y(0)}Z`];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="silhouettes of cluster ${k}"><path class="inside" d="${ends[0]}${points.join('')}${ends[1]}"/><path class="zero" d="M0,${y(0)}H${WIDTH}"/></svg>`;
}

const LEVELS = [0.99, 0.9, 0.7, 0.5, 0];

/** For each cluster the shares of its rows by the probability of the cluster. */
export function certaintySection({ certainty, labels, sizes }: PageInput): string {
  if (certainty === undefined) return '';
  const counts = sizes.map(() => new Array<number>(LEVELS.length).fill(0));
  for (const [i, label] of labels.entries()) counts[label][LEVELS.findIndex((level) => certainty[i] >= level)] += 1;
  const plots = sizes.flatMap((size, k) => {
    if (size === 0) return [];
    const parts = counts[k].map((rows, level) => {
      const text = `${count(rows, 'row')} ${nameOfLevel(level)}`;
      return `<span style="flex-grow:${rows};--strength:${strengthOf(level)}%" title="${text}"></span>`;
    });
    const text = counts[k].map((rows, level) => `${rows} ${nameOfLevel(level)}`).join(', ');
    return `<div class="strip" data-cluster="${k}" style="--c:${colorOf(k)}">${clusterName(k)}<span class="parts" role="img" aria-label="${text}">${parts.join('')}</span><span class="number">${percent(counts[k][0] / size)}</span></div>`;
  });
  const key = LEVELS.map(
    (_, level) =>
      `<span class="key" style="--c:var(--ink);--strength:${strengthOf(level)}%"></span>${nameOfLevel(level)}`,
  );
  const caption = `Rows by the probability of their cluster: ${key.join(', ')}. The number is the share of the first.`;
  return section('certainty', 'Certainty', caption, plots.join(''));
}

const nameOfLevel = (level: number) =>
  level === 0 ? 'from 0.99' : level === LEVELS.length - 1 ? 'below 0.5' : `from ${LEVELS[level]}`;
const strengthOf = (level: number) => [100, 72, 48, 28, 12][level];

/** For each cluster how surely it comes back from parts of the rows. */
export function stabilitySection({ stability, sizes }: PageInput): string {
  if (stability === undefined) return '';
  const plots = sizes.flatMap((_, k) => {
    const index = stability.jaccard[k];
    if (index === undefined || Number.isNaN(index)) return [];
    return `<div class="strip" data-cluster="${k}" style="--c:${colorOf(k)}">${clusterName(k)}<span class="bar"><span style="width:${(100 * index).toFixed(1)}%"></span></span><span class="number">${index.toFixed(2)}</span></div>`;
  });
  const caption = `How surely each cluster comes back from random parts of the rows, by its mean Jaccard index: above 0.75 it is
stable, below 0.5 it dissolves. The parts agree with a mean ARI of ${stability.meanAri.toFixed(2)}.`;
  return section('stability', 'Stability', caption, plots.join(''));
}

const MOST_CLASSES = 60;

/** The rows of each class in each cluster; a cell is as strong as its share of the class. */
export function classSection({ classes, labels, sizes }: PageInput, width: 'beside' | 'wide'): string {
  if (classes === undefined) return '';
  const counts = classes.names.map(() => new Array<number>(sizes.length).fill(0));
  for (const [i, label] of classes.labels.entries()) if (label >= 0) counts[label][labels[i]] += 1;
  const head = sizes.map((_, k) => `<th scope="col" data-cluster="${k}">${k}</th>`).join('');
  const rows = classes.names.slice(0, MOST_CLASSES).map((name, c) => {
    const total = Math.max(
      1,
      counts[c].reduce((sum, rows) => sum + rows, 0),
    );
    const cells = counts[c].map((rows, k) => {
      const share = Math.round((100 * rows) / total);
      const kind = rows === 0 ? 'none' : share > 55 ? 'strong' : 'some';
      return `<td data-cluster="${k}" style="--strength:${share}%" class="${kind}">${rows}</td>`;
    });
    return `<tr><th scope="row"><span>${escapeHtml(name)}</span></th>${cells.join('')}</tr>`;
  });
  const more = classes.names.length > MOST_CLASSES ? ` The first ${MOST_CLASSES} classes are shown.` : '';
  const caption = `Rows of each class in each cluster. ${escapeHtml(classes.sentence)}${more}`;
  const table = `<div class="scroll"><table class="confusion"><thead><tr><th scope="col">${escapeHtml(classes.title)}</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  return section('classes', 'Clusters and classes', caption, table, width);
}
