/** The file of a sweep: which data, and which fits. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type GeminiName, geminiNames, type Kernel, kernels } from 'genmi';
import { fileError } from '../data/files.js';
import { columnTypes, type FeatureOptions, formats } from '../data/index.js';
import { failed } from '../errors.js';
import { models } from '../estimators/index.js';
import type { RunModel } from '../run/index.js';
import { type Entry, readEntry } from './entry.js';
import { type Choice, combine, type Grid } from './grid.js';

/** Which file is read, and how its columns become features. */
export interface DataChoice {
  readonly file: string;
  readonly reading: RunModel['reading'];
  readonly features: Pick<FeatureOptions, 'columns' | 'label' | 'scale' | 'impute'>;
}

export interface Sweep {
  readonly data: DataChoice;
  /** All different. */
  readonly choices: readonly Choice[];
  /** Sentences on combinations that are left out. */
  readonly notes: readonly string[];
}

const dataKeys = ['file', 'format', 'types', 'separator', 'decimal', 'header', 'missing'] as const;
const featureKeys = ['columns', 'label', 'scale', 'impute'] as const;
const gridKeys = ['models', 'clusters', 'objectives', 'kernels', 'epochs', 'restarts', 'seeds'] as const;
const fitKeys = ['model', 'clusters', 'objective', 'kernel', 'epochs', 'restarts', 'seed'] as const;

/**
 * Reads the file of a sweep, YAML or JSON. A relative name of data is one in the folder of the file.
 *
 * @throws ClusterError ERR_FILE; ERR_EMPTY; ERR_FORMAT with the line
 */
export async function readSweepFile(file: string): Promise<Sweep> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw fileError(file, error);
  });
  const root = readEntry(file, text);
  const fields = root.fields(['data', ...featureKeys, ...gridKeys, 'fits']);
  if (fields.data === undefined) throw failed('ERR_FORMAT', file, 'the key data', 'none', 'name the file of the data');
  const { file: name, ...reading } = readData(fields.data);
  const features = readFeatures(fields);
  const { choices, notes } = readFits(file, fields);
  const place = path.isAbsolute(name) ? name : path.join(path.dirname(file), name);
  return { data: { file: place, reading, features }, choices, notes };
}

type Fields<Keys extends readonly string[]> = Partial<Record<Keys[number], Entry>>;

function readData(entry: Entry): { file: string } & RunModel['reading'] {
  if (typeof entry.value === 'string') return { file: entry.value };
  const fields = entry.fields(dataKeys);
  const { format, types, separator, decimal, header, missing } = fields;
  if (fields.file === undefined) throw entry.wrong('the key file', 'name the file of the data');
  return {
    file: fields.file.text(),
    ...(format && { format: format.oneOf(formats) }),
    ...(types && { types: Object.fromEntries(types.entries().map(([name, type]) => [name, type.oneOf(columnTypes)])) }),
    ...(separator && { separator: separator.text() }),
    ...(decimal && { decimal: decimal.oneOf(['.', ',']) }),
    ...(header && { header: header.boolean() }),
    ...(missing && { missing: missing.list().map((each) => each.text()) }),
  };
}

function readFeatures({ columns, label, scale, impute }: Fields<typeof featureKeys>): DataChoice['features'] {
  return {
    ...(columns && { columns: columns.list().map((each) => each.text()) }),
    ...(label && { label: label.text() }),
    ...(scale && { scale: scale.oneOf(['none', 'standard', 'robust']) }),
    ...(impute && { impute: impute.oneOf(['median']) }),
  };
}

function readFits(file: string, fields: Fields<[...typeof gridKeys, 'fits']>): Pick<Sweep, 'choices' | 'notes'> {
  const grid = readGrid(fields);
  const first = gridKeys.map((key) => fields[key]).find((entry) => entry !== undefined);
  if (first !== undefined && fields.models === undefined)
    throw failed('ERR_FORMAT', first.place, 'the key models beside it', 'none', `choose from ${names.join(', ')}`);
  if (fields.models === undefined && fields.fits === undefined)
    throw failed('ERR_FORMAT', file, 'the key models, fits, or both', 'none', `choose from ${names.join(', ')}`);
  const fits = fields.fits?.list().map(readFit) ?? [];
  return combine(grid, fits, file);
}

const names = models.map(({ name }) => name);
const objectiveOf = (entry: Entry): GeminiName => entry.oneOf(geminiNames);
const kernelOf = (entry: Entry): Kernel => entry.oneOf(kernels);
const count = (entry: Entry) => entry.integer(1);
const seedOf = (entry: Entry) => entry.integer();

function readGrid(fields: Fields<typeof gridKeys>): Grid {
  const each = <T>(key: (typeof gridKeys)[number], read: (entry: Entry) => T) => fields[key]?.list().map(read);
  return {
    models: each('models', (entry) => entry.oneOf(names)) ?? [],
    clusters: each('clusters', count),
    objective: each('objectives', objectiveOf),
    kernel: each('kernels', kernelOf),
    epochs: each('epochs', count),
    restarts: each('restarts', count),
    seed: each('seeds', seedOf) ?? [0],
  };
}

function readFit(entry: Entry): Choice {
  const { model, clusters, objective, kernel, epochs, restarts, seed } = entry.fields(fitKeys);
  if (model === undefined) throw entry.wrong('the key model', `choose from ${names.join(', ')}`);
  const kind = models[names.indexOf(model.oneOf(names))];
  for (const [option, given] of Object.entries({ objective, kernel, epochs, restarts }))
    if (given !== undefined && !kind?.options.includes(option as 'kernel'))
      throw given.wrong(`none for the model '${kind?.name}'`, 'leave it out');
  return {
    model: model.oneOf(names),
    ...(clusters && { clusters: count(clusters) }),
    ...(objective && { objective: objectiveOf(objective) }),
    ...(kernel && { kernel: kernelOf(kernel) }),
    ...(epochs && { epochs: count(epochs) }),
    ...(restarts && { restarts: count(restarts) }),
    seed: seed === undefined ? 0 : seedOf(seed),
  };
}
