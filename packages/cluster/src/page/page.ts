/** The report of a clustering as one HTML file that opens without a network. */
import type { PageData } from './browser/data.js';
import {
  certaintySection,
  classSection,
  silhouetteSection,
  sizeSection,
  stabilitySection,
} from './cluster-sections.js';
import { distinctionSection } from './distinction-cards.js';
import { count, escapeHtml, section } from './html.js';
import type { PageInput } from './input.js';
import { MOST_POINTS, mapDataOf } from './map-data.js';
import { rowSection } from './row-section.js';
import { chartLibrary, pageScript } from './scripts.js';
import { style } from './style.js';
import { treePicture } from './tree-picture.js';

/** With at most so many clusters the table of classes is beside the map. A larger one takes the whole width. */
const MOST_BESIDE = 8;

/** No address may be asked for anything. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

/** Writes the page in parts. Cost O(N d). */
export function* renderPage(input: PageInput): Generator<string> {
  const { title, summary, facts, history, rules, command } = input;
  const data: PageData = { map: mapDataOf(input), ...(history && { history }) };
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escapeHtml(title)}</h1>${summary.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join('')}</header>
<dl>${facts.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
<main>
`;
  yield mapSection(input);
  const beside = input.sizes.length <= MOST_BESIDE;
  yield `<div class="column">${sizeSection(input)}${beside ? classSection(input, 'beside') : ''}</div>`;
  if (!beside) yield classSection(input, 'wide');
  yield distinctionSection(input);
  yield silhouetteSection(input);
  yield certaintySection(input);
  yield stabilitySection(input);
  if (history !== undefined)
    yield section(
      'training',
      'Training',
      `${escapeHtml(history.name)} after each epoch.`,
      '<div id="curve" role="img" aria-label="the objective over the epochs"></div>',
    );
  if (rules !== undefined)
    yield section(
      'rules',
      'Rules',
      escapeHtml(rules.sentence),
      `${treePicture(rules.tree)}<pre tabindex="0">${escapeHtml(rules.text)}</pre>`,
      'wide',
    );
  yield rowSection(input);
  yield `</main>
<footer>Made by <code>${escapeHtml(command)}</code></footer>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${chartLibrary()}</script>
<script type="module">${pageScript()}</script>
</body>
</html>
`;
}

function mapSection({ x }: PageInput): string {
  const n = x.shape[0];
  const some = n > MOST_POINTS ? ` ${count(MOST_POINTS, 'random row')} of ${n.toLocaleString('en')} are shown.` : '';
  const caption = `Each point is a row, on the two principal components of the features. A point names its row; a click shows its
cluster alone. Arrow keys go from row to row.${some}`;
  return section(
    'map-section',
    'Map',
    caption,
    '<div id="map" tabindex="0" role="application" aria-label="map of the rows"></div>',
  );
}
