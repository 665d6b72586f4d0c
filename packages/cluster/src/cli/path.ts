/** `genmi-cluster path`: the features that clusters need, by a penalty that grows until few are left. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type GeminiName, geminiNames, type Kernel, kernels } from 'genmi';
import type { Transformation } from '../data/index.js';
import { type FeaturePath, featurePath } from '../estimators/index.js';
import { CLUSTERS, clustersOf, onRowsOf, prepare } from '../run/index.js';
import { describeTable } from './descriptions.js';
import { interruptible } from './interruption.js';
import {
  type FeatureValues,
  featureOptions,
  integer,
  type ReadingValues,
  readingOf,
  withFeatures,
  withReading,
} from './options.js';
import { createProgress } from './progress.js';

interface PathValues extends ReadingValues, FeatureValues {
  readonly clusters?: number;
  readonly model: 'linear' | 'lassonet';
  readonly objective: GeminiName;
  readonly kernel?: Kernel;
  readonly keep: number;
  readonly seed: number;
  readonly json?: boolean;
}

export function pathCommand(): Command {
  const command = new Command('path')
    .description('the features that the clusters need: a penalty grows until few features are left')
    .argument('<file>', 'CSV, TSV, Parquet, Arrow, JSON lines, NPY or IDX')
    .option('--clusters <k>', `the most clusters (default: the classes of the label, else ${CLUSTERS})`, integer(1))
    .addOption(new Option('--model <name>', 'the network').choices(['linear', 'lassonet']).default('linear'))
    .addOption(new Option('--objective <name>', 'the objective').choices(geminiNames).default('mmd_ova'))
    .addOption(new Option('--kernel <name>', 'the kernel of mmd objectives').choices(kernels))
    .option('--keep <share>', 'the share of the best objective that the chosen features must keep', share, 0.9)
    .option('--seed <n>', 'the seed of all random choices', integer(-Infinity), 0)
    .option('--json', 'print one JSON object');
  return withReading(withFeatures(command)).action(pathOfFile);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number above 0, and 1 at most.');
}

async function pathOfFile(file: string, values: PathValues): Promise<void> {
  using interruption = interruptible();
  const { signal } = interruption;
  const prepared = await prepare(file, { ...readingOf(values), signal }, featureOptions(values));
  const { x, table, transformation } = prepared;
  const clusters = clustersOf(prepared, values.clusters);
  if (!values.json) console.log(describeTable(prepared, values.clusters));
  const { model, objective, kernel, keep, seed } = values;
  const options = { clusters, model, objective, kernel, keep, seed, groups: groupsOf(transformation) };
  const progress = createProgress();
  const { onProgress } = progress;
  const fit = () => featurePath(x, options, { signal, onProgress });
  const path = await onRowsOf(table, fit).finally(progress.stop);
  const plain = plainPath(path, transformation.features);
  console.log(values.json ? JSON.stringify(plain) : describePath(plain));
}

/** The features of a category belong together. */
function groupsOf({ columns }: Transformation): number[][] {
  let first = 0;
  return columns.flatMap((column) => {
    const count = column.kind === 'category' ? column.levels.length : column.kind === 'vector' ? column.length : 1;
    const own = Array.from({ length: count }, (_, j) => first + j);
    first += count;
    return column.kind === 'category' ? [own] : own.map((feature) => [feature]);
  });
}

const plainPath = ({ steps, features }: FeaturePath, names: readonly string[]) => ({
  chosen: features.map((feature) => names[feature]),
  steps: steps.map(({ features: left, ...step }) => ({ ...step, features: left.map((feature) => names[feature]) })),
});

/** One line for each number of features: its last step, as more of the penalty changes little there. */
function describePath({ chosen, steps }: ReturnType<typeof plainPath>): string {
  const last = steps.filter(({ features }, i) => features.length !== steps[i + 1]?.features.length);
  const lines = last.map(
    ({ alpha, objective, features }) =>
      `${`${features.length}`.padStart(8)}  ${objective.toPrecision(4).padStart(9)}  ${alpha.toPrecision(3).padStart(8)}`,
  );
  return ['', 'features  objective   penalty', ...lines, '', `Chosen: ${chosen.join(', ')}`].join('\n');
}
