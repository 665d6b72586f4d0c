/** A fitted file as the page shows it. */
import path from 'node:path';
import { type Column, rowIdsOf, type Table, textAt, type VectorColumn } from '../data/index.js';
import { branchesOf, describeTree, type Tree } from '../estimators/index.js';
import type { PageFeature, PageInput } from '../page/index.js';
import type { SomeSilhouettes } from '../run/index.js';
import { explain } from '../trust/index.js';
import { featuresOf } from './features.js';
import type { FittedFile } from './fitted-file.js';
import type { Results } from './results.js';

export async function pageInputOf(fit: FittedFile, results: Results, silhouettes: SomeSilhouettes): Promise<PageInput> {
  const { table, transformation, x, classes, estimator, assigned, values } = fit;
  const { labels, sizes, certainty, soft } = assigned;
  const { history } = estimator;
  const features = featuresOf(transformation);
  const rules = await rulesOf(fit, features);
  return {
    title: `${path.basename(table.source)}: ${results.clusters.used} clusters`,
    summary: summaryOf(fit, results),
    facts: factsOf(results),
    x,
    features,
    ...imageOf(fit),
    labels,
    sizes,
    ...(soft && { certainty }),
    silhouettes,
    ...rowsOf(table, values.id),
    ...(history && history.length > 0 && { history: { name: results.objective.name, values: history } }),
    ...(classes && { classes: { ...classes, title: values.label as string, sentence: knownOfClasses(values) } }),
    ...(rules !== undefined && { rules }),
    ...(fit.stability && { stability: fit.stability }),
    command: results.command,
    seed: values.seed,
  };
}

/** The size of images, where the features are the pixels of one. */
function imageOf({ table, transformation }: FittedFile): Pick<PageInput, 'image'> {
  const [only, ...others] = transformation.columns;
  const column = table.columns.find(({ name }) => name === only.name);
  if (others.length > 0 || column?.type !== 'vector' || column.shape.length !== 2) return {};
  const [height, width] = column.shape;
  return { image: { width, height } };
}

/** Rules on single features say little about vectors with more entries. */
const MOST_FEATURES = 100;

async function rulesOf({ estimator, x, assigned, values }: FittedFile, features: readonly PageFeature[]) {
  const { tree } = estimator;
  if (tree) return { sentence: 'The tree that makes the clusters.', ...inWords(tree, features) };
  if (features.length > MOST_FEATURES) return undefined;
  const { agreement, tree: grown } = await explain(x, assigned.labels, { seed: values.seed, sampleSize: SAMPLES });
  const some = grown[0].samples < x.shape[0] ? ` It was grown on ${grown[0].samples} random rows.` : '';
  const sentence = `A small tree that puts ${(100 * agreement).toFixed(0)} % of the rows into the same clusters.${some}`;
  return { sentence, ...inWords(grown, features) };
}

const inWords = (tree: Tree, features: readonly PageFeature[]) => ({
  text: describeTree(tree, features),
  tree: branchesOf(tree, features),
});

/** A tree of 100 features takes about a second then. */
const SAMPLES = 1000;

const knownOfClasses = ({ clusters }: FittedFile['values']) =>
  clusters === undefined ? 'The fit knew their number, and nothing else of them.' : 'The fit knew nothing of them.';

function summaryOf({ table, x, options, interrupted, values }: FittedFile, { model, objective }: Results): string[] {
  const rows = table.rows.toLocaleString('en');
  const features = x.shape[1].toLocaleString('en');
  const sentence = `${rows} rows with ${features} features, in at most ${options.clusters} clusters by the model ${model} (${objective.name}), seed ${values.seed}.`;
  return [sentence, ...(interrupted ? ['The fit was interrupted: this is the best result until then.'] : [])];
}

function factsOf({ clusters, objective, certainty, silhouette, ari, accuracy }: Results): [string, string][] {
  const digits = (value: number | null | undefined) => (value == null ? undefined : value.toFixed(3));
  const facts: [string, string | undefined][] = [
    ['clusters used', `${clusters.used} of ${clusters.asked}`],
    [objective.name, objective.value === null ? undefined : `${Number(objective.value.toPrecision(4))}`],
    ['mean silhouette', digits(silhouette)],
    ['mean certainty', digits(certainty)],
    ['ARI', digits(ari)],
    ['accuracy', digits(accuracy)],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/** A row is described by its first columns. */
const MOST_CELLS = 8;
const LONGEST_CELL = 80;

function rowsOf(table: Table, id: string | undefined): Pick<PageInput, 'rowName' | 'rowCells'> {
  const ids = rowIdsOf(table, id);
  const shown = table.columns
    .filter((column): column is Exclude<Column, VectorColumn> => column.type !== 'vector' && column.name !== ids?.name)
    .slice(0, MOST_CELLS);
  return {
    rowName: (row) => ids?.values[row] || `row ${row + 1}`,
    rowCells: (row) => shown.map((column) => [column.name, shortened(textAt(column, row) ?? '')]),
  };
}

const shortened = (text: string) => (text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text);
