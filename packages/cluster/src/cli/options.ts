/** Options that several commands have, and the reading of their values. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { columnTypes, type FeatureOptions, formats, missingCells, type ReadOptions } from '../data/index.js';
import type { RunModel } from '../run/index.js';

/** The options that say how a file is read; each is found in the file where it is not given. */
export function withReading(command: Command): Command {
  return command
    .addOption(new Option('--format <name>', 'the format of the file (default: found)').choices(formats))
    .option('--type <column=type>', `a column's type: ${columnTypes.join(', ')}; may be repeated`, columnType)
    .option('--separator <character>', 'CSV: the separator, \\t for a tab (default: found)', separator)
    .addOption(new Option('--decimal <sign>', 'CSV: the decimal sign (default: found)').choices(['.', ',']))
    .option('--header', 'CSV: the first line names the columns (default: found)')
    .option('--no-header', 'CSV: the first line holds data')
    .option('--missing <texts>', `CSV: cells without a value (default: ${missingCells.join(',')})`, names);
}

/** The options that say which columns are features, and how. */
export function withFeatures(command: Command): Command {
  return command
    .option('--columns <names>', 'the columns to use, between commas (default: all that can be features)', names)
    .option('--label <column>', 'the column of known classes: no feature; clusters are compared with it')
    .addOption(
      new Option('--scale <how>', 'the scale of numbers (default: standard; vectors: none)').choices([
        'none',
        'standard',
        'robust',
      ]),
    )
    .addOption(new Option('--impute <how>', 'fill in missing values (default: refuse them)').choices(['median']));
}

/** The values of `withFeatures`. */
export interface FeatureValues {
  readonly columns?: readonly string[];
  readonly label?: string;
  readonly scale?: NonNullable<FeatureOptions['scale']>;
  readonly impute?: 'median';
}

/** The entries that have a value: an option that is not given shall not be there. */
function given(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The values that were given, as options of `fitFeatures`. */
export function featureOptions({ columns, label, scale, impute }: FeatureValues): FeatureOptions {
  return given({ columns, label, scale, impute });
}

/** The values of `withReading`. */
export interface ReadingValues {
  readonly format?: NonNullable<ReadOptions['format']>;
  readonly type?: NonNullable<ReadOptions['types']>;
  readonly separator?: string;
  readonly decimal?: '.' | ',';
  readonly header?: boolean;
  readonly missing?: readonly string[];
}

/** The values that were given, as options of `readTable`. */
export function readingOf({ format, type, separator, decimal, header, missing }: ReadingValues): RunModel['reading'] {
  return given({ format, types: type, separator, decimal, header, missing });
}

function columnType(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.lastIndexOf('=');
  const type = text.slice(at + 1);
  if (at > 0 && (columnTypes as readonly string[]).includes(type)) return { ...before, [text.slice(0, at)]: type };
  throw new InvalidArgumentError(`Expected column=type with a type of ${columnTypes.join(', ')}.`);
}

const separator = (text: string) => (text === '\\t' || text === 'tab' ? '\t' : text);

/** Names between commas; one that holds a comma stands in double quotes. */
export function names(text: string): string[] {
  const parts = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g)];
  return parts.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain as string).trim());
}

export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number${Number.isFinite(least) ? ` of ${least} or more` : ''}.`);
  };
}
