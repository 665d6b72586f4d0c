/** A card for each cluster: the features that distinguish it, with their histograms inside and outside. */
import { type Distinction, distinctionsOf, type Histogram, histogramOf } from './distinctions.js';
import { clusterName, colorOf, count, escapeHtml, percent, section, short } from './html.js';
import { Images } from './images.js';
import type { PageInput } from './input.js';

const FEATURES = 5;
const BINS = 24;
const [WIDTH, HEIGHT] = [160, 36];

export function distinctionSection(input: PageInput): string {
  if (input.image !== undefined) return meanSection(input);
  const { x, labels, sizes } = input;
  const cards = distinctionsOf(x, labels, sizes, FEATURES).map((distinctions, k) => card(input, k, distinctions));
  const caption = `Means inside and outside the cluster, and their difference in standard deviations. Histograms: the
cluster is filled, all other rows are a line. Categories: the upper bar is the cluster, the lower one all other rows.`;
  return section(
    'distinctions',
    'What distinguishes each cluster',
    caption,
    `<div class="cards">${cards.join('')}</div>`,
    'wide',
  );
}

/** Single pixels say little: images have their mean. */
function meanSection(input: PageInput): string {
  const images = new Images(input);
  const cards = input.sizes.map((size, k) => {
    const content = size === 0 ? '' : images.mean(k);
    return `<article data-cluster="${k}"><h3>${clusterName(k)}</h3><p>${count(size, 'row')}</p>${content}</article>`;
  });
  const content = `<div class="cards images">${cards.join('')}</div>`;
  return section('distinctions', 'Mean of each cluster', 'The mean of the images of each cluster.', content, 'wide');
}

function card(input: PageInput, k: number, distinctions: readonly Distinction[]): string {
  const rows = distinctions
    .filter(({ difference }) => difference !== 0)
    .map((distinction) => row(input, k, distinction));
  const empty = `<p>${input.sizes[k] === 0 ? 'No rows.' : 'No feature differs.'}</p>`;
  return `<article data-cluster="${k}" style="--c:${colorOf(k)}"><h3>${clusterName(k)}</h3><p>${count(input.sizes[k], 'row')}</p>${rows.join('') || empty}</article>`;
}

function row(
  { x, features, labels }: PageInput,
  k: number,
  { feature, inside, outside, difference }: Distinction,
): string {
  const { name, centre, spread, binary } = features[feature];
  const value = (scaled: number) => (binary ? percent(scaled) : short(scaled * spread + centre));
  const text = `${value(inside)} inside, ${value(outside)} outside`;
  const signed = `${difference > 0 ? '+' : '−'}${Math.abs(difference).toFixed(1)}`;
  const picture = binary
    ? shareBars(inside, outside, text)
    : histogram(histogramOf(x, feature, labels, k, BINS), (scaled) => short(scaled * spread + centre), text);
  return `<div class="feature"><b>${escapeHtml(name)}</b><span class="number">${signed}</span><small>${text}</small>${picture}</div>`;
}

/** Two bars for the shares of the rows with a category. */
function shareBars(inside: number, outside: number, text: string): string {
  const bar = (y: number, share: number, kind: string) =>
    `<rect class="${kind}" x="0" y="${y}" width="${(share * WIDTH).toFixed(1)}" height="10"/>`;
  return svg(text, `${bar(6, inside, 'inside')}${bar(20, outside, 'others')}`);
}

function histogram(
  { least, most, inside, outside }: Histogram,
  format: (value: number) => string,
  text: string,
): string {
  const highest = Math.max(...inside, ...outside);
  const step = WIDTH / inside.length;
  const y = (share: number) => (HEIGHT - (share / highest) * HEIGHT).toFixed(1);
  const steps = (shares: Float64Array) =>
    Array.from(shares, (share, bin) => `V${y(share)}H${((bin + 1) * step).toFixed(1)}`).join('');
  const paths = `<path class="inside" d="M0,${HEIGHT}${steps(inside)}V${HEIGHT}Z"/><path class="outside" d="M0,${HEIGHT}${steps(outside)}V${HEIGHT}"/>`;
  const range = `<span class="range"><span>${format(least)}</span><span>${format(most)}</span></span>`;
  return svg(text, paths) + range;
}

const svg = (text: string, content: string) =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${text}">${content}</svg>`;
