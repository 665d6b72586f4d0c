/** Runs: the fit of a file, and what it leaves behind. */

export { writeAtomically as writeFile } from '../base/atomic-write.js';
export { type Agreement, agreementOf } from './agreement.js';
export { type Assigned, assign } from './assignment.js';
export {
  CLUSTERS,
  clustersOf,
  type FitChoice,
  type FittedTable,
  fitTable,
  type Judged,
  judge,
  meanVariance,
  modelOptions,
  onRowsOf,
  type Prepared,
  prepare,
} from './fit-table.js';
export { type Assignment, writeLabels } from './labels-csv.js';
export { modelJson, type RunModel, readModel } from './model-file.js';
export { RunFolder } from './run-folder.js';
export { type SomeSilhouettes, silhouettesOfSome } from './silhouettes.js';
