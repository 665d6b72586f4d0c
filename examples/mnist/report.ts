import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digits, IMAGE_SIDE, PIXELS } from '../../support/digits.js';
import {
  clusterOrder,
  drawAri,
  drawConfusion,
  drawEntropies,
  drawLearningRate,
  drawObjective,
  drawSeconds,
} from './charts.js';
import { encodePng } from './png.js';
import type { Results } from './results.js';

const SAMPLES_PER_CLUSTER = 16;
const CLUSTERS_SHOWN = 50;

/** Writes results.json and results.html, and returns the path of the page. */
export function writeReport(folder: string, results: Results, test: Digits, clusters: Int32Array): string {
  const page = join(folder, 'results.html');
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(page, renderPage(results, test, clusters));
  return page;
}

function renderPage(results: Results, test: Digits, clusters: Int32Array): string {
  const { options, final } = results;
  const { preparation, network, objective, update } = final.seconds;
  const title = `MNIST without labels: ${options.objective}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${describeRun(results)}</p>
</header>
<dl>
${tile('ARI', final.ari.toFixed(3))}
${tile('accuracy', `${(100 * final.accuracy).toFixed(1)} %`)}
${tile('clusters used', `${final.usedClusters} of ${options.clusters}`)}
${tile('objective', final.objective.toFixed(3))}
${tile('seconds of training', (preparation + network + objective + update).toFixed(0))}
${tile('of these, in the objective', objective.toFixed(1))}
</dl>
<main>
${figure('Digits and clusters', 'How many test images of each digit are in each cluster.', drawConfusion(results), 'wide')}
${figure('What the clusters hold', 'The first test images of each cluster.', sampleTable(results, test, clusters), 'wide')}
${figure('Agreement with the labels', 'Adjusted Rand index: 1 is perfect, 0 is chance.', drawAri(results))}
${figure('Objective', 'Mean over the mini-batches of each epoch.', drawObjective(results))}
${figure('Entropies', 'Large for the proportions: equal clusters. Small for the predictions: certain assignments.', drawEntropies(results))}
${figure('Time', describeTime(results), drawSeconds(results))}
${figure('Learning rate', "Of each epoch's first step.", drawLearningRate(results))}
</main>
<footer>${describeMachine(results)}</footer>
</body>
</html>
`;
}

function describeRun(results: Results): string {
  const { options, images, history, interrupted } = results;
  const { length } = history;
  const epochs = `${length} ${length === 1 ? 'epoch' : 'epochs'}${interrupted ? ` of ${options.epochs} (interrupted)` : ''}`;
  const train = images.train.toLocaleString('en');
  const test = images.test.toLocaleString('en');
  return `${describeNetwork(results)} after ${epochs} over ${train} images, batch ${options.batch}, seed ${options.seed}.
All metrics are of ${test} test images that it was not trained on; the labels serve the metrics alone.`;
}

function describeNetwork({ recipe, options }: Results): string {
  const sizes = [PIXELS, ...recipe.hidden, options.clusters].join('-');
  const normalised = recipe.batchNormalization ? ' with batch normalisation' : '';
  const vat = recipe.vat > 0 ? `, virtual adversarial training of weight ${recipe.vat},` : '';
  return `An MLP ${sizes}${normalised}${vat}`;
}

function describeTime({ final, history }: Results): string {
  const { network, objective, update, preparation } = final.seconds;
  const share = (100 * objective) / (network + objective + update);
  const before = preparation > 0 ? ` ${preparation.toFixed(0)} s before the first epoch: distances to neighbours.` : '';
  return `Seconds of each of ${history.length} epochs; the objective takes ${share.toPrecision(1)} % of them.${before}`;
}

function describeMachine({ engine, machine }: Results): string {
  const note = engine.note ? `<br>${escapeHtml(engine.note)}` : '';
  return `${escapeHtml(machine.cpu)}, ${machine.cores} cores · Node ${machine.node} · ${escapeHtml(engine.name)}${note}`;
}

const tile = (name: string, value: string): string => `<div><dt>${name}</dt><dd>${value}</dd></div>`;

function figure(title: string, caption: string, content: string, kind = ''): string {
  return `<figure class="${kind}"><figcaption><h2>${title}</h2>${caption}</figcaption>${content}</figure>`;
}

/** A table with a strip of images for each cluster that is not empty. */
function sampleTable({ confusion, digitOfCluster }: Results, test: Digits, clusters: Int32Array): string {
  const rows = clusterOrder(digitOfCluster).flatMap((k) => {
    const members = Array.from(clusters.keys()).filter((image) => clusters[image] === k);
    if (members.length === 0) return [];
    const counts = confusion.map((row) => row[k]);
    const digit = counts.indexOf(Math.max(...counts));
    const share = Math.round((100 * counts[digit]) / members.length);
    const text = `${members.length.toLocaleString('en')} images, ${share} % a ${digit}`;
    return [`<tr><th>${k}</th><td>${strip(test, members, `images of cluster ${k}`)}</td><td>${text}</td></tr>`];
  });
  return `<table>${rows.slice(0, CLUSTERS_SHOWN).join('\n')}</table>`;
}

/** The first images of a cluster side by side, as one picture inside the page. */
function strip(test: Digits, members: number[], alt: string): string {
  const width = SAMPLES_PER_CLUSTER * IMAGE_SIDE;
  const pixels = new Uint8Array(width * IMAGE_SIDE);
  members.slice(0, SAMPLES_PER_CLUSTER).forEach((image, column) => {
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const target = Math.floor(pixel / IMAGE_SIDE) * width + column * IMAGE_SIDE + (pixel % IMAGE_SIDE);
      pixels[target] = test.pixels[image * PIXELS + pixel];
    }
  });
  const data = encodePng(pixels, width, IMAGE_SIDE).toString('base64');
  return `<img alt="${alt}" width="${width}" height="${IMAGE_SIDE}" src="data:image/png;base64,${data}">`;
}

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

const STYLE = `
:root { --page: #ffffff; --card: #f6f7f9; --ink: #1c2430; --muted: #5b6675; --grid: #dfe3e8; --first: #2563c9; --second: #d9822b; --third: #3d9a6b; --on-first: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181f; --card: #1d232c; --ink: #e8ecf1; --muted: #9aa5b3; --grid: #333c48; --first: #5b95ee; --second: #e09a4c; --third: #57b98a; --on-first: #0d1117; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 74rem; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 0; font-size: 1.05rem; }
header p, footer, figcaption { color: var(--muted); }
figcaption h2 { color: var(--ink); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; margin: 1.5rem 0; }
dl div { padding: 0.75rem 1rem; border-radius: 0.5rem; background: var(--card); }
dt { color: var(--muted); font-size: 0.85rem; }
dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
main { display: grid; grid-template-columns: repeat(6, 1fr); gap: 2rem 1.5rem; }
figure { grid-column: span 2; margin: 0; min-width: 0; }
figure.wide { grid-column: span 3; }
figcaption { margin-bottom: 0.5rem; font-size: 0.9rem; }
svg { display: block; width: 100%; height: auto; }
figure:not(.wide) svg { max-width: 27rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.85rem; }
th, td { padding: 0.22rem 0.4rem; text-align: left; color: var(--muted); font-weight: 400; white-space: nowrap; }
th { color: var(--ink); text-align: right; }
td:nth-child(2) { width: 100%; }
img { display: block; width: 100%; height: auto; border-radius: 0.2rem; }
footer { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid var(--grid); font-size: 0.85rem; }
@media (max-width: 60rem) { figure, figure.wide { grid-column: 1 / -1; } }
@media (max-width: 34rem) { tr { display: grid; grid-template-columns: 2rem 1fr; } td:nth-child(2) { width: auto; } td:nth-child(3) { grid-column: 2; padding-top: 0; } }
`;
