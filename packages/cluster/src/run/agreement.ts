/** How far clusters agree with known classes. */
import { accuracy, ari, purity } from 'genmi';
import type { Classes } from '../data/index.js';
import { failed } from '../errors.js';
import { ami, completeness, homogeneity, nmi, vMeasure } from '../metrics/index.js';

export interface Agreement {
  /** The rows with a known class. */
  readonly rows: number;
  readonly ari: number;
  readonly accuracy: number;
  readonly nmi: number;
  readonly ami: number;
  readonly purity: number;
  readonly homogeneity: number;
  readonly completeness: number;
  readonly vMeasure: number;
}

/** @param clusters `[N]`, -1 where a row has none */
export function agreementOf(classes: Classes, clusters: Int32Array): Agreement {
  const known = Array.from(clusters.keys()).filter(
    (i) => (classes.labels[i] as number) >= 0 && (clusters[i] as number) >= 0,
  );
  if (known.length === 0) throw failed('ERR_EMPTY', 'label', 'rows with a class and a cluster', 'none');
  const truth = Int32Array.from(known, (i) => classes.labels[i] as number);
  const found = Int32Array.from(known, (i) => clusters[i] as number);
  return {
    rows: known.length,
    ari: ari(truth, found),
    accuracy: accuracy(truth, found),
    nmi: nmi(truth, found),
    ami: ami(truth, found),
    purity: purity(truth, found),
    homogeneity: homogeneity(truth, found),
    completeness: completeness(truth, found),
    vMeasure: vMeasure(truth, found),
  };
}
