/** What a run leaves behind. */
export { type Assignment, writeLabels } from './labels-csv.js';
export { modelJson, type RunModel, readModel } from './model-file.js';
export { RunFolder } from './run-folder.js';
