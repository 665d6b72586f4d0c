/** What a run leaves behind. */
export type { Assignment } from './labels-csv.js';
export { RunFolder } from './run-folder.js';
