/** The results of a run, as results.json holds them. */
import { type Agreement, agreementOf } from './agreement.js';
import { commandOf } from './command-line.js';
import { type FittedFile, maximised } from './fitted-file.js';
import type { SomeSilhouettes } from './silhouettes.js';
import { version } from './version.js';

export interface Results extends Partial<Omit<Agreement, 'rows'>> {
  readonly version: string;
  /** The command that repeats the run. */
  readonly command: string;
  readonly data: {
    readonly file: string;
    readonly rows: number;
    readonly format: string;
    readonly notes: readonly string[];
    readonly features: readonly string[];
    readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  };
  readonly model: string;
  readonly clusters: { readonly asked: number; readonly used: number; readonly sizes: readonly number[] };
  readonly objective: { readonly name: string; readonly value: number | null };
  /** The mean probability of the rows' clusters; null for a model of hard clusters. */
  readonly certainty: number | null;
  /** The mean silhouette, of at most 2,000 rows; null for a single cluster. */
  readonly silhouette: number | null;
  /** The column of known classes, of the rows that have one. */
  readonly label?: string;
  /** Whether Ctrl-C ended the fit early. */
  readonly interrupted: boolean;
  readonly seconds: number;
}

export function resultsOf(fit: FittedFile, silhouettes: SomeSilhouettes): Results {
  const { file, values, table, transformation, x, classes, clusters, model, standing, assigned, interrupted, seconds } =
    fit;
  const { sizes, certainty, labels, soft } = assigned;
  const { features, skipped } = transformation;
  const { format, notes } = table.report;
  return {
    version,
    command: commandOf(fit),
    data: { file, rows: table.rows, format, notes: [...notes, ...x.notes], features, skipped },
    model,
    clusters: { asked: clusters, used: sizes.filter((size) => size > 0).length, sizes },
    objective: { name: maximised(fit), value: standing?.objective ?? null },
    certainty: soft ? mean(certainty) : null,
    silhouette: mean(silhouettes.values),
    ...(classes && { label: values.label, ...withoutRows(agreementOf(classes, labels)) }),
    interrupted,
    seconds: Number(seconds.toFixed(3)),
  };
}

const withoutRows = ({ rows, ...others }: Agreement) => others;

/** The mean of numbers; null where there are none. */
const mean = (values: Float64Array) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
