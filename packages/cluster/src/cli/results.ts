/** The results of a run, as results.json holds them. */
import { type Agreement, agreementOf, type Judged, judge, type SomeSilhouettes } from '../run/index.js';
import type { Stability } from '../trust/index.js';
import { commandOf } from './command-line.js';
import type { FittedFile } from './fitted-file.js';
import { version } from './version.js';

export interface Results extends Judged, Partial<Omit<Agreement, 'rows'>> {
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
  /** The column of known classes, of the rows that have one. */
  readonly label?: string;
  /** How surely the clusters come back from parts of the rows; null for a cluster that no part had. */
  readonly stability?: {
    readonly meanAri: number;
    readonly leastAri: number;
    readonly jaccard: readonly (number | null)[];
  };
  /** Whether Ctrl-C ended the fit early. */
  readonly interrupted: boolean;
}

export function resultsOf(fit: FittedFile, silhouettes: SomeSilhouettes): Results {
  const { file, values, table, transformation, x, classes, assigned, interrupted, stability } = fit;
  const { features, skipped } = transformation;
  const { format, notes } = table.report;
  const { seconds, ...judged } = judge(fit, silhouettes);
  return {
    version,
    command: commandOf(fit),
    data: { file, rows: table.rows, format, notes: [...notes, ...x.notes], features, skipped },
    ...judged,
    ...(classes && { label: values.label, ...withoutRows(agreementOf(classes, assigned.labels)) }),
    ...(stability && { stability: plainStability(stability) }),
    interrupted,
    seconds,
  };
}

const plainStability = ({ meanAri, leastAri, jaccard }: Stability) => ({
  meanAri,
  leastAri,
  jaccard: Array.from(jaccard, (each) => (Number.isNaN(each) ? null : each)),
});

const withoutRows = ({ rows, ...others }: Agreement) => others;
